// RUN: nncc opt --passes=recognize-depth-to-space --split --no-locations --verify-numerics=random %s | filecheck %s

// CHECK-LABEL: builtin.module
// CHECK: %0 = "nn.depth_to_space"(%x) {block = 2 : i64, mode = "crd"}
// CHECK-NEXT: "func.return"(%0)
"func.func"() ({
^bb0(%x: tensor<1x12x8x8xf32>):
  %0 = "nn.reshape"(%x) {shape = array<i64: 1, 3, 2, 2, 8, 8>} : (tensor<1x12x8x8xf32>) -> tensor<1x3x2x2x8x8xf32>
  %1 = "nn.transpose"(%0) {perm = array<i64: 0, 1, 4, 2, 5, 3>} : (tensor<1x3x2x2x8x8xf32>) -> tensor<1x3x8x2x8x2xf32>
  %2 = "nn.reshape"(%1) {shape = array<i64: 1, 3, 16, 16>} : (tensor<1x3x8x2x8x2xf32>) -> tensor<1x3x16x16xf32>
  "func.return"(%2) : (tensor<1x3x16x16xf32>) -> ()
}) {function_type = (tensor<1x12x8x8xf32>) -> tensor<1x3x16x16xf32>, sym_name = "main"} : () -> ()

// -----

// The convolution gives its channels in the order dcr.
// CHECK-LABEL: builtin.module
// CHECK: dense<{{\[\[\[\[}}1.0]]], {{\[\[\[}}5.0]]], {{\[\[\[}}2.0]]]
// CHECK: %1 = "nn.conv"(%x, %0)
// CHECK-NEXT: %2 = "nn.depth_to_space"(%1) {block = 2 : i64}
"func.func"() ({
^bb0(%x: tensor<1x1x2x2xf32>):
  %0 = "nn.constant"() {value = dense<[[[[1.0]]], [[[2.0]]], [[[3.0]]], [[[4.0]]], [[[5.0]]], [[[6.0]]], [[[7.0]]], [[[8.0]]]]> : tensor<8x1x1x1xf32>} : () -> tensor<8x1x1x1xf32>
  %1 = "nn.conv"(%x, %0) : (tensor<1x1x2x2xf32>, tensor<8x1x1x1xf32>) -> tensor<1x8x2x2xf32>
  %2 = "nn.depth_to_space"(%1) {block = 2 : i64, mode = "crd"} : (tensor<1x8x2x2xf32>) -> tensor<1x2x4x4xf32>
  "func.return"(%2) : (tensor<1x2x4x4xf32>) -> ()
}) {function_type = (tensor<1x1x2x2xf32>) -> tensor<1x2x4x4xf32>, sym_name = "main"} : () -> ()

// -----

// The inverse, written as slices; the convolution takes its order.
// CHECK-LABEL: builtin.module
// CHECK: %0 = "nn.space_to_depth"(%x) {block = 2 : i64}
// CHECK-NEXT: dense<{{\[\[\[\[}}1.0]], {{\[\[}}3.0]], {{\[\[}}2.0]], {{\[\[}}4.0]]]]>
// CHECK-NEXT: %2 = "nn.conv"(%0, %1)
"func.func"() ({
^bb0(%x: tensor<1x1x4x4xf32>):
  %w = "nn.constant"() {value = dense<[[[[1.0]], [[2.0]], [[3.0]], [[4.0]]]]> : tensor<1x4x1x1xf32>} : () -> tensor<1x4x1x1xf32>
  %0 = "nn.slice"(%x) {starts = [0, 0, 0, 0], stops = [1, 1, 4, 4], steps = [1, 1, 2, 2]} : (tensor<1x1x4x4xf32>) -> tensor<1x1x2x2xf32>
  %1 = "nn.slice"(%x) {starts = [0, 0, 1, 0], stops = [1, 1, 4, 4], steps = [1, 1, 2, 2]} : (tensor<1x1x4x4xf32>) -> tensor<1x1x2x2xf32>
  %2 = "nn.slice"(%x) {starts = [0, 0, 0, 1], stops = [1, 1, 4, 4], steps = [1, 1, 2, 2]} : (tensor<1x1x4x4xf32>) -> tensor<1x1x2x2xf32>
  %3 = "nn.slice"(%x) {starts = [0, 0, 1, 1], stops = [1, 1, 4, 4], steps = [1, 1, 2, 2]} : (tensor<1x1x4x4xf32>) -> tensor<1x1x2x2xf32>
  %4 = "nn.concat"(%0, %1, %2, %3) {axis = 1} : (tensor<1x1x2x2xf32>, tensor<1x1x2x2xf32>, tensor<1x1x2x2xf32>, tensor<1x1x2x2xf32>) -> tensor<1x4x2x2xf32>
  %5 = "nn.conv"(%4, %w) : (tensor<1x4x2x2xf32>, tensor<1x4x1x1xf32>) -> tensor<1x1x2x2xf32>
  "func.return"(%5) : (tensor<1x1x2x2xf32>) -> ()
}) {function_type = (tensor<1x1x4x4xf32>) -> tensor<1x1x2x2xf32>, sym_name = "main"} : () -> ()
