// RUN: nncc opt --passes=channel-last --split --no-locations --verify-numerics=random %s | filecheck %s

// A convolution and what follows it; the input becomes (N, H, W, C), and its port says so.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<1x8x8x3xf32>):
// CHECK-NEXT: %0 = "nn.constant"() {value = dense<0.5> : tensor<4x3x3x3xf32>} : () -> tensor<4x3x3x3xf32>
// CHECK-NEXT: %1 = "nn.conv"(%x, %0) {channel_last = true} : (tensor<1x8x8x3xf32>, tensor<4x3x3x3xf32>) -> tensor<1x6x6x4xf32>
// CHECK-NEXT: %2 = "nn.relu"(%1) : (tensor<1x6x6x4xf32>) -> tensor<1x6x6x4xf32>
// CHECK-NEXT: "func.return"(%2) : (tensor<1x6x6x4xf32>) -> ()
// CHECK-NEXT: }) {function_type = (tensor<1x8x8x3xf32>) -> tensor<1x6x6x4xf32>, sym_name = "main", arg_attrs = [{nncc.layout = "channel_last"}], res_attrs = [{nncc.layout = "channel_last"}]} : () -> ()
"func.func"() ({
^bb0(%x: tensor<1x3x8x8xf32>):
  %0 = "nn.constant"() {value = dense<0.5> : tensor<4x3x3x3xf32>} : () -> tensor<4x3x3x3xf32>
  %1 = "nn.conv"(%x, %0) : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x6x6xf32>
  %2 = "nn.relu"(%1) : (tensor<1x4x6x6xf32>) -> tensor<1x4x6x6xf32>
  "func.return"(%2) : (tensor<1x4x6x6xf32>) -> ()
}) {function_type = (tensor<1x3x8x8xf32>) -> tensor<1x4x6x6xf32>, sym_name = "main"} : () -> ()

// -----

// Flattened features: the rows of the affine's weights are reordered, nothing is transposed.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<1x2x1x1xf32>):
// CHECK-NEXT: %0 = "nn.constant"() {value = dense<{{\[\[\[\[}}1.0]]], {{\[\[\[}}2.0]]]]> : tensor<2x1x1x1xf32>} : () -> tensor<2x1x1x1xf32>
// CHECK-NEXT: %1 = "nn.conv"(%x, %0) {channel_last = true} : (tensor<1x2x1x1xf32>, tensor<2x1x1x1xf32>) -> tensor<1x2x1x2xf32>
// CHECK-NEXT: %2 = "nn.reshape"(%1) {shape = array<i64: 1, 4>} : (tensor<1x2x1x2xf32>) -> tensor<1x4xf32>
// CHECK-NEXT: %3 = "nn.constant"() {value = dense<{{\[\[}}1.0, 0.0], [2.0, 0.0], [3.0, 0.0], [4.0, 0.0]]> : tensor<4x2xf32>} : () -> tensor<4x2xf32>
// CHECK-NEXT: %4 = "nn.constant"() {value = dense<{{\[\[}}1.0, 0.0], [3.0, 0.0], [2.0, 0.0], [4.0, 0.0]]> : tensor<4x2xf32>} : () -> tensor<4x2xf32>
// CHECK-NEXT: %5 = "nn.affine"(%2, %4) : (tensor<1x4xf32>, tensor<4x2xf32>) -> tensor<1x2xf32>
// CHECK-NEXT: "func.return"(%5) : (tensor<1x2xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<1x1x2x1xf32>):
  %0 = "nn.constant"() {value = dense<[[[[1.0]]], [[[2.0]]]]> : tensor<2x1x1x1xf32>} : () -> tensor<2x1x1x1xf32>
  %1 = "nn.conv"(%x, %0) : (tensor<1x1x2x1xf32>, tensor<2x1x1x1xf32>) -> tensor<1x2x2x1xf32>
  %2 = "nn.reshape"(%1) {shape = array<i64: 1, 4>} : (tensor<1x2x2x1xf32>) -> tensor<1x4xf32>
  %3 = "nn.constant"() {value = dense<[[1.0, 0.0], [2.0, 0.0], [3.0, 0.0], [4.0, 0.0]]> : tensor<4x2xf32>} : () -> tensor<4x2xf32>
  %4 = "nn.affine"(%2, %3) : (tensor<1x4xf32>, tensor<4x2xf32>) -> tensor<1x2xf32>
  "func.return"(%4) : (tensor<1x2xf32>) -> ()
}) {function_type = (tensor<1x1x2x1xf32>) -> tensor<1x2xf32>, sym_name = "main"} : () -> ()

// -----

// The axis of a softmax moves with the channels.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<1x8x8x3xf32>):
// CHECK-NEXT: %0 = "nn.constant"() {value = dense<0.5> : tensor<4x3x3x3xf32>} : () -> tensor<4x3x3x3xf32>
// CHECK-NEXT: %1 = "nn.conv"(%x, %0) {channel_last = true} : (tensor<1x8x8x3xf32>, tensor<4x3x3x3xf32>) -> tensor<1x6x6x4xf32>
// CHECK-NEXT: %2 = "nn.softmax"(%1) {axis = 3 : i64} : (tensor<1x6x6x4xf32>) -> tensor<1x6x6x4xf32>
// CHECK-NEXT: "func.return"(%2) : (tensor<1x6x6x4xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<1x3x8x8xf32>):
  %0 = "nn.constant"() {value = dense<0.5> : tensor<4x3x3x3xf32>} : () -> tensor<4x3x3x3xf32>
  %1 = "nn.conv"(%x, %0) : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x6x6xf32>
  %2 = "nn.softmax"(%1) {axis = 1 : i64} : (tensor<1x4x6x6xf32>) -> tensor<1x4x6x6xf32>
  "func.return"(%2) : (tensor<1x4x6x6xf32>) -> ()
}) {function_type = (tensor<1x3x8x8xf32>) -> tensor<1x4x6x6xf32>, sym_name = "main"} : () -> ()

// -----

// A network without spatial operations stays as it is.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<1x3xf32>):
// CHECK-NEXT: %0 = "nn.constant"() {value = dense<0.5> : tensor<3x2xf32>} : () -> tensor<3x2xf32>
// CHECK-NEXT: %1 = "nn.affine"(%x, %0) : (tensor<1x3xf32>, tensor<3x2xf32>) -> tensor<1x2xf32>
// CHECK-NEXT: %2 = "nn.relu"(%1) : (tensor<1x2xf32>) -> tensor<1x2xf32>
// CHECK-NEXT: "func.return"(%2) : (tensor<1x2xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<1x3xf32>):
  %0 = "nn.constant"() {value = dense<0.5> : tensor<3x2xf32>} : () -> tensor<3x2xf32>
  %1 = "nn.affine"(%x, %0) : (tensor<1x3xf32>, tensor<3x2xf32>) -> tensor<1x2xf32>
  %2 = "nn.relu"(%1) : (tensor<1x2xf32>) -> tensor<1x2xf32>
  "func.return"(%2) : (tensor<1x2xf32>) -> ()
}) {function_type = (tensor<1x3xf32>) -> tensor<1x2xf32>, sym_name = "main"} : () -> ()
