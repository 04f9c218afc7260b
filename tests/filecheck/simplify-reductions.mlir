// RUN: nncc opt --passes=simplify-reductions --split --no-locations --verify-numerics=random %s | filecheck %s

// A global average, flattened.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<1x8x7x7xf32>):
// CHECK-NEXT: %0 = "nn.reduce_mean"(%x) {axes = array<i64: 2, 3>, keep_dims = false} : (tensor<1x8x7x7xf32>) -> tensor<1x8xf32>
// CHECK-NEXT: "func.return"(%0) : (tensor<1x8xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<1x8x7x7xf32>):
  %0 = "nn.average_pool"(%x) {kernel = array<i64: 7, 7>} : (tensor<1x8x7x7xf32>) -> tensor<1x8x1x1xf32>
  %1 = "nn.reshape"(%0) {shape = array<i64: 1, 8>} : (tensor<1x8x1x1xf32>) -> tensor<1x8xf32>
  "func.return"(%1) : (tensor<1x8xf32>) -> ()
}) {function_type = (tensor<1x8x7x7xf32>) -> tensor<1x8xf32>, sym_name = "main"} : () -> ()

// -----

// A sum over the last axis, which is then dropped.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<2x8xf32>):
// CHECK-NEXT: %0 = "nn.reduce_sum"(%x) {axes = array<i64: 1>, keep_dims = false} : (tensor<2x8xf32>) -> tensor<2xf32>
// CHECK-NEXT: "func.return"(%0) : (tensor<2xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<2x8xf32>):
  %0 = "nn.reduce_sum"(%x) {axes = array<i64: 1>} : (tensor<2x8xf32>) -> tensor<2x1xf32>
  %1 = "nn.reshape"(%0) {shape = array<i64: 2>} : (tensor<2x1xf32>) -> tensor<2xf32>
  "func.return"(%1) : (tensor<2xf32>) -> ()
}) {function_type = (tensor<2x8xf32>) -> tensor<2xf32>, sym_name = "main"} : () -> ()

// -----

// Not simplified: the windows are smaller than the image.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<1x8x7x7xf32>):
// CHECK-NEXT: %0 = "nn.average_pool"(%x) {kernel = array<i64: 6, 6>} : (tensor<1x8x7x7xf32>) -> tensor<1x8x2x2xf32>
// CHECK-NEXT: "func.return"(%0) : (tensor<1x8x2x2xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<1x8x7x7xf32>):
  %0 = "nn.average_pool"(%x) {kernel = array<i64: 6, 6>} : (tensor<1x8x7x7xf32>) -> tensor<1x8x2x2xf32>
  "func.return"(%0) : (tensor<1x8x2x2xf32>) -> ()
}) {function_type = (tensor<1x8x7x7xf32>) -> tensor<1x8x2x2xf32>, sym_name = "main"} : () -> ()

// -----

// Not simplified: the reshape does more than dropping the reduced axis.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<4x8xf32>):
// CHECK-NEXT: %0 = "nn.reduce_sum"(%x) {axes = array<i64: 1>} : (tensor<4x8xf32>) -> tensor<4x1xf32>
// CHECK-NEXT: %1 = "nn.reshape"(%0) {shape = array<i64: 2, 2>} : (tensor<4x1xf32>) -> tensor<2x2xf32>
// CHECK-NEXT: "func.return"(%1) : (tensor<2x2xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<4x8xf32>):
  %0 = "nn.reduce_sum"(%x) {axes = array<i64: 1>} : (tensor<4x8xf32>) -> tensor<4x1xf32>
  %1 = "nn.reshape"(%0) {shape = array<i64: 2, 2>} : (tensor<4x1xf32>) -> tensor<2x2xf32>
  "func.return"(%1) : (tensor<2x2xf32>) -> ()
}) {function_type = (tensor<4x8xf32>) -> tensor<2x2xf32>, sym_name = "main"} : () -> ()

// -----

// Two in a row.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<2x3x4x4xf32>):
// CHECK-NEXT: %0 = "nn.reduce_max"(%x) {axes = array<i64: 2, 3>, keep_dims = false} : (tensor<2x3x4x4xf32>) -> tensor<2x3xf32>
// CHECK-NEXT: "func.return"(%0) : (tensor<2x3xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<2x3x4x4xf32>):
  %0 = "nn.reduce_max"(%x) {axes = [2], keep_dims = false} : (tensor<2x3x4x4xf32>) -> tensor<2x3x4xf32>
  %1 = "nn.reduce_max"(%0) {axes = [2], keep_dims = false} : (tensor<2x3x4xf32>) -> tensor<2x3xf32>
  "func.return"(%1) : (tensor<2x3xf32>) -> ()
}) {function_type = (tensor<2x3x4x4xf32>) -> tensor<2x3xf32>, sym_name = "main"} : () -> ()
