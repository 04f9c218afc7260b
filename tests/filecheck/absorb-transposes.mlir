// RUN: nncc opt --passes=absorb-transposes --split --no-locations --verify-numerics=random %s | filecheck %s

// An operand that is transposed.
// CHECK-LABEL: builtin.module
// CHECK: %0 = "nn.matmul"(%x, %y) {transpose_rhs = true}
// CHECK-NEXT: "func.return"(%0)
"func.func"() ({
^bb0(%x: tensor<1x7x4xf32>, %y: tensor<1x9x4xf32>):
  %0 = "nn.transpose"(%y) {perm = array<i64: 0, 2, 1>} : (tensor<1x9x4xf32>) -> tensor<1x4x9xf32>
  %1 = "nn.matmul"(%x, %0) : (tensor<1x7x4xf32>, tensor<1x4x9xf32>) -> tensor<1x7x9xf32>
  "func.return"(%1) : (tensor<1x7x9xf32>) -> ()
}) {function_type = (tensor<1x7x4xf32>, tensor<1x9x4xf32>) -> tensor<1x7x9xf32>, sym_name = "main"} : () -> ()

// -----

// The pixels of a channel-last image as columns, and a result that is wanted as an image again.
// CHECK-LABEL: builtin.module
// CHECK: %0 = "nn.reshape"(%x) {shape = array<i64: 1, 6, 4>}
// CHECK-NEXT: %1 = "nn.matmul"(%y, %0) {transpose_lhs = true}
// CHECK-NEXT: "func.return"(%1)
"func.func"() ({
^bb0(%x: tensor<1x2x3x4xf32>, %y: tensor<1x6x5xf32>):
  %0 = "nn.transpose"(%x) {perm = array<i64: 0, 3, 1, 2>} : (tensor<1x2x3x4xf32>) -> tensor<1x4x2x3xf32>
  %1 = "nn.reshape"(%0) {shape = array<i64: 1, 4, 6>} : (tensor<1x4x2x3xf32>) -> tensor<1x4x6xf32>
  %2 = "nn.matmul"(%1, %y) : (tensor<1x4x6xf32>, tensor<1x6x5xf32>) -> tensor<1x4x5xf32>
  %3 = "nn.transpose"(%2) {perm = array<i64: 0, 2, 1>} : (tensor<1x4x5xf32>) -> tensor<1x5x4xf32>
  "func.return"(%3) : (tensor<1x5x4xf32>) -> ()
}) {function_type = (tensor<1x2x3x4xf32>, tensor<1x6x5xf32>) -> tensor<1x5x4xf32>, sym_name = "main"} : () -> ()
