// RUN: nncc opt --passes=simplify-movement --split --no-locations --verify-numerics=random %s | filecheck %s

// The reshapes, and the concatenation of which only one part is taken.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%a: tensor<1x28xf32>, %x: tensor<1x1x28xf32>):
// CHECK-NEXT: %0 = "nn.tanh"(%a) : (tensor<1x28xf32>) -> tensor<1x28xf32>
// CHECK-NEXT: "func.return"(%0) : (tensor<1x28xf32>) -> ()
"func.func"() ({
^bb0(%a: tensor<1x28xf32>, %x: tensor<1x1x28xf32>):
  %0 = "nn.reshape"(%a) {shape = array<i64: 1, 1, 28>} : (tensor<1x28xf32>) -> tensor<1x1x28xf32>
  %1 = "nn.tanh"(%0) : (tensor<1x1x28xf32>) -> tensor<1x1x28xf32>
  %2 = "nn.concat"(%x, %1) {axis = 1 : i64} : (tensor<1x1x28xf32>, tensor<1x1x28xf32>) -> tensor<1x2x28xf32>
  %3 = "nn.slice"(%2) {starts = array<i64: 0, 1, 0>, stops = array<i64: 1, 2, 28>, steps = array<i64: 1, 1, 1>} : (tensor<1x2x28xf32>) -> tensor<1x1x28xf32>
  %4 = "nn.reshape"(%3) {shape = array<i64: 1, 28>} : (tensor<1x1x28xf32>) -> tensor<1x28xf32>
  "func.return"(%4) : (tensor<1x28xf32>) -> ()
}) {function_type = (tensor<1x28xf32>, tensor<1x1x28xf32>) -> tensor<1x28xf32>, sym_name = "main"} : () -> ()

// -----

// A split that is joined again.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<1x4xf32>):
// CHECK-NEXT: %0 = "nn.exp"(%x) : (tensor<1x4xf32>) -> tensor<1x4xf32>
// CHECK-NEXT: "func.return"(%0) : (tensor<1x4xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<1x4xf32>):
  %0, %1 = "nn.split"(%x) {axis = 1 : i64, sizes = array<i64: 1, 3>} : (tensor<1x4xf32>) -> (tensor<1x1xf32>, tensor<1x3xf32>)
  %2 = "nn.concat"(%0, %1) {axis = 1 : i64} : (tensor<1x1xf32>, tensor<1x3xf32>) -> tensor<1x4xf32>
  %3 = "nn.exp"(%2) : (tensor<1x4xf32>) -> tensor<1x4xf32>
  "func.return"(%3) : (tensor<1x4xf32>) -> ()
}) {function_type = (tensor<1x4xf32>) -> tensor<1x4xf32>, sym_name = "main"} : () -> ()

// -----

// Not simplified: the slice takes of both parts.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<1x4xf32>, %y: tensor<1x4xf32>):
// CHECK-NEXT: %0 = "nn.concat"(%x, %y) {axis = 1 : i64} : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x8xf32>
// CHECK-NEXT: %1 = "nn.slice"(%0) {starts = array<i64: 0, 2>, stops = array<i64: 1, 6>, steps = array<i64: 1, 1>} : (tensor<1x8xf32>) -> tensor<1x4xf32>
// CHECK-NEXT: "func.return"(%1) : (tensor<1x4xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<1x4xf32>, %y: tensor<1x4xf32>):
  %0 = "nn.concat"(%x, %y) {axis = 1 : i64} : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x8xf32>
  %1 = "nn.slice"(%0) {starts = array<i64: 0, 2>, stops = array<i64: 1, 6>, steps = array<i64: 1, 1>} : (tensor<1x8xf32>) -> tensor<1x4xf32>
  "func.return"(%1) : (tensor<1x4xf32>) -> ()
}) {function_type = (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x4xf32>, sym_name = "main"} : () -> ()

// -----

// Not simplified: the parts are joined in another order.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<1x4xf32>):
// CHECK-NEXT: %0, %1 = "nn.split"(%x) {axis = 1 : i64, sizes = array<i64: 2, 2>} : (tensor<1x4xf32>) -> (tensor<1x2xf32>, tensor<1x2xf32>)
// CHECK-NEXT: %2 = "nn.concat"(%1, %0) {axis = 1 : i64} : (tensor<1x2xf32>, tensor<1x2xf32>) -> tensor<1x4xf32>
// CHECK-NEXT: "func.return"(%2) : (tensor<1x4xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<1x4xf32>):
  %0, %1 = "nn.split"(%x) {axis = 1 : i64, sizes = array<i64: 2, 2>} : (tensor<1x4xf32>) -> (tensor<1x2xf32>, tensor<1x2xf32>)
  %2 = "nn.concat"(%1, %0) {axis = 1 : i64} : (tensor<1x2xf32>, tensor<1x2xf32>) -> tensor<1x4xf32>
  "func.return"(%2) : (tensor<1x4xf32>) -> ()
}) {function_type = (tensor<1x4xf32>) -> tensor<1x4xf32>, sym_name = "main"} : () -> ()

// -----

// A function of single elements stands in front of the transpose, which meets the one that undoes it.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<2x3x4xf32>):
// CHECK-NEXT: %0 = "nn.tanh"(%x) : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
// CHECK-NEXT: "func.return"(%0) : (tensor<2x3x4xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<2x3x4xf32>):
  %0 = "nn.transpose"(%x) {perm = [0, 2, 1]} : (tensor<2x3x4xf32>) -> tensor<2x4x3xf32>
  %1 = "nn.tanh"(%0) : (tensor<2x4x3xf32>) -> tensor<2x4x3xf32>
  %2 = "nn.transpose"(%1) {perm = [0, 2, 1]} : (tensor<2x4x3xf32>) -> tensor<2x3x4xf32>
  "func.return"(%2) : (tensor<2x3x4xf32>) -> ()
}) {function_type = (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>, sym_name = "main"} : () -> ()
