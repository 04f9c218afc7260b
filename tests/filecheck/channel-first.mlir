// RUN: nncc opt --passes=channel-first --split --no-locations --verify-numerics=random %s | filecheck %s

// What stands between two convolutions works in their layout; the ports keep theirs.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<1x8x8x3xf32>, %c: tensor<4x3x3x3xf32>, %d: tensor<2x4x1x1xf32>):
// CHECK-NEXT: %0 = "nn.transpose"(%x) {perm = array<i64: 0, 3, 1, 2>}
// CHECK-NEXT: %1 = "nn.conv"(%0, %c) {{.*}} -> tensor<1x4x6x6xf32>
// CHECK-NEXT: %2 = "nn.relu"(%1) : (tensor<1x4x6x6xf32>) -> tensor<1x4x6x6xf32>
// CHECK-NEXT: %3 = "nn.reduce_mean"(%2) {axes = array<i64: 2, 3>} : (tensor<1x4x6x6xf32>) -> tensor<1x4x1x1xf32>
// CHECK-NEXT: %4 = "nn.conv"(%3, %d) {{.*}} -> tensor<1x2x1x1xf32>
// CHECK-NEXT: "func.return"(%4)
"func.func"() ({
^bb0(%x: tensor<1x8x8x3xf32>, %c: tensor<4x3x3x3xf32>, %d: tensor<2x4x1x1xf32>):
  %0 = "nn.transpose"(%x) {perm = array<i64: 0, 3, 1, 2>} : (tensor<1x8x8x3xf32>) -> tensor<1x3x8x8xf32>
  %1 = "nn.conv"(%0, %c) : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x6x6xf32>
  %2 = "nn.transpose"(%1) {perm = array<i64: 0, 2, 3, 1>} : (tensor<1x4x6x6xf32>) -> tensor<1x6x6x4xf32>
  %3 = "nn.relu"(%2) : (tensor<1x6x6x4xf32>) -> tensor<1x6x6x4xf32>
  %4 = "nn.reduce_mean"(%3) {axes = array<i64: 1, 2>} : (tensor<1x6x6x4xf32>) -> tensor<1x1x1x4xf32>
  %5 = "nn.transpose"(%4) {perm = array<i64: 0, 3, 1, 2>} : (tensor<1x1x1x4xf32>) -> tensor<1x4x1x1xf32>
  %6 = "nn.conv"(%5, %d) : (tensor<1x4x1x1xf32>, tensor<2x4x1x1xf32>) -> tensor<1x2x1x1xf32>
  "func.return"(%6) : (tensor<1x2x1x1xf32>) -> ()
}) {function_type = (tensor<1x8x8x3xf32>, tensor<4x3x3x3xf32>, tensor<2x4x1x1xf32>) -> tensor<1x2x1x1xf32>, sym_name = "main"} : () -> ()

// -----

// A flatten takes no transpose: the rows of the affine's weights are reordered.
// CHECK-LABEL: builtin.module
// CHECK-NOT: nn.transpose
// CHECK: "nn.reshape"(%{{.*}}) {shape = array<i64: 1, 4>} : (tensor<1x2x1x2xf32>) -> tensor<1x4xf32>
// CHECK: dense<{{\[\[}}1.0, 0.0], [3.0, 0.0], [2.0, 0.0], [4.0, 0.0]]>
"func.func"() ({
^bb0(%x: tensor<1x1x1x2xf32>):
  %0 = "nn.constant"() {value = dense<[[[[1.0]]], [[[2.0]]]]> : tensor<2x1x1x1xf32>} : () -> tensor<2x1x1x1xf32>
  %1 = "nn.conv"(%x, %0) : (tensor<1x1x1x2xf32>, tensor<2x1x1x1xf32>) -> tensor<1x2x1x2xf32>
  %2 = "nn.transpose"(%1) {perm = array<i64: 0, 2, 3, 1>} : (tensor<1x2x1x2xf32>) -> tensor<1x1x2x2xf32>
  %3 = "nn.reshape"(%2) {shape = array<i64: 1, 4>} : (tensor<1x1x2x2xf32>) -> tensor<1x4xf32>
  %4 = "nn.constant"() {value = dense<[[1.0, 0.0], [2.0, 0.0], [3.0, 0.0], [4.0, 0.0]]> : tensor<4x2xf32>} : () -> tensor<4x2xf32>
  %5 = "nn.affine"(%3, %4) : (tensor<1x4xf32>, tensor<4x2xf32>) -> tensor<1x2xf32>
  "func.return"(%5) : (tensor<1x2xf32>) -> ()
}) {function_type = (tensor<1x1x1x2xf32>) -> tensor<1x2xf32>, sym_name = "main"} : () -> ()
