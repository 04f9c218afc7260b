// RUN: nncc opt --passes=recognize-softmax --split --no-locations --verify-numerics=random %s | filecheck %s

// Without the maximum.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<1x4xf32>):
// CHECK-NEXT: %0 = "nn.softmax"(%x) {axis = 1 : i64} : (tensor<1x4xf32>) -> tensor<1x4xf32>
// CHECK-NEXT: "func.return"(%0) : (tensor<1x4xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<1x4xf32>):
  %0 = "nn.exp"(%x) : (tensor<1x4xf32>) -> tensor<1x4xf32>
  %1 = "nn.reduce_sum"(%0) {axes = array<i64: 1>} : (tensor<1x4xf32>) -> tensor<1x1xf32>
  %2 = "nn.div"(%0, %1) : (tensor<1x4xf32>, tensor<1x1xf32>) -> tensor<1x4xf32>
  "func.return"(%2) : (tensor<1x4xf32>) -> ()
}) {function_type = (tensor<1x4xf32>) -> tensor<1x4xf32>, sym_name = "main"} : () -> ()

// -----

// With the maximum subtracted.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<1x4xf32>):
// CHECK-NEXT: %0 = "nn.softmax"(%x) {axis = 1 : i64} : (tensor<1x4xf32>) -> tensor<1x4xf32>
// CHECK-NEXT: "func.return"(%0) : (tensor<1x4xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<1x4xf32>):
  %0 = "nn.reduce_max"(%x) {axes = array<i64: 1>} : (tensor<1x4xf32>) -> tensor<1x1xf32>
  %1 = "nn.sub"(%x, %0) : (tensor<1x4xf32>, tensor<1x1xf32>) -> tensor<1x4xf32>
  %2 = "nn.exp"(%1) : (tensor<1x4xf32>) -> tensor<1x4xf32>
  %3 = "nn.reduce_sum"(%2) {axes = array<i64: 1>} : (tensor<1x4xf32>) -> tensor<1x1xf32>
  %4 = "nn.div"(%2, %3) : (tensor<1x4xf32>, tensor<1x1xf32>) -> tensor<1x4xf32>
  "func.return"(%4) : (tensor<1x4xf32>) -> ()
}) {function_type = (tensor<1x4xf32>) -> tensor<1x4xf32>, sym_name = "main"} : () -> ()

// -----

// Not recognized: the sum is over two axes.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<2x4xf32>):
// CHECK-NEXT: %0 = "nn.exp"(%x) : (tensor<2x4xf32>) -> tensor<2x4xf32>
// CHECK-NEXT: %1 = "nn.reduce_sum"(%0) {axes = array<i64: 0, 1>} : (tensor<2x4xf32>) -> tensor<1x1xf32>
// CHECK-NEXT: %2 = "nn.div"(%0, %1) : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
// CHECK-NEXT: "func.return"(%2) : (tensor<2x4xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<2x4xf32>):
  %0 = "nn.exp"(%x) : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %1 = "nn.reduce_sum"(%0) {axes = array<i64: 0, 1>} : (tensor<2x4xf32>) -> tensor<1x1xf32>
  %2 = "nn.div"(%0, %1) : (tensor<2x4xf32>, tensor<1x1xf32>) -> tensor<2x4xf32>
  "func.return"(%2) : (tensor<2x4xf32>) -> ()
}) {function_type = (tensor<2x4xf32>) -> tensor<2x4xf32>, sym_name = "main"} : () -> ()

// -----

// The quotient alone: the maximum is that of another axis, and is still subtracted.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<2x4xf32>):
// CHECK-NEXT: %0 = "nn.reduce_max"(%x) {axes = array<i64: 0>} : (tensor<2x4xf32>) -> tensor<1x4xf32>
// CHECK-NEXT: %1 = "nn.sub"(%x, %0) : (tensor<2x4xf32>, tensor<1x4xf32>) -> tensor<2x4xf32>
// CHECK-NEXT: %2 = "nn.softmax"(%1) {axis = 1 : i64} : (tensor<2x4xf32>) -> tensor<2x4xf32>
// CHECK-NEXT: "func.return"(%2) : (tensor<2x4xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<2x4xf32>):
  %0 = "nn.reduce_max"(%x) {axes = array<i64: 0>} : (tensor<2x4xf32>) -> tensor<1x4xf32>
  %1 = "nn.sub"(%x, %0) : (tensor<2x4xf32>, tensor<1x4xf32>) -> tensor<2x4xf32>
  %2 = "nn.exp"(%1) : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %3 = "nn.reduce_sum"(%2) {axes = array<i64: 1>} : (tensor<2x4xf32>) -> tensor<2x1xf32>
  %4 = "nn.div"(%2, %3) : (tensor<2x4xf32>, tensor<2x1xf32>) -> tensor<2x4xf32>
  "func.return"(%4) : (tensor<2x4xf32>) -> ()
}) {function_type = (tensor<2x4xf32>) -> tensor<2x4xf32>, sym_name = "main"} : () -> ()
