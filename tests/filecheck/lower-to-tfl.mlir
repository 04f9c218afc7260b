// RUN: nncc opt --passes=lower-to-tfl --split --no-locations --verify-numerics=random %s | filecheck %s

// A convolution; its weights become a view in TFLite's order (O, H, W, I).
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<1x8x8x3xf32>):
// CHECK-NEXT: %0 = "tfl.pseudo_const"() {value = dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>} : () -> tensor<4xf32>
// CHECK-NEXT: %1 = "tfl.pseudo_const"() {value = dense_resource<weight> : tensor<4x3x3x3xf32>} : () -> tensor<4x3x3x3xf32>
// CHECK-NEXT: %y = "tfl.conv_2d"(%x, %1, %0) : (tensor<1x8x8x3xf32>, tensor<4x3x3x3xf32>, tensor<4xf32>) -> tensor<1x8x8x4xf32>
// CHECK-NEXT: "func.return"(%y) : (tensor<1x8x8x4xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<1x8x8x3xf32>):
  %0 = "nn.constant"() {value = dense<0.5> : tensor<4x3x3x3xf32>} : () -> tensor<4x3x3x3xf32>
  %1 = "nn.constant"() {value = dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>} : () -> tensor<4xf32>
  %2 = "nn.conv"(%x, %0, %1) {channel_last = true, pads = array<i64: 1, 1, 1, 1>} : (tensor<1x8x8x3xf32>, tensor<4x3x3x3xf32>, tensor<4xf32>) -> tensor<1x8x8x4xf32>
  "func.return"(%2) : (tensor<1x8x8x4xf32>) -> ()
}) {function_type = (tensor<1x8x8x3xf32>) -> tensor<1x8x8x4xf32>, sym_name = "main", arg_attrs = [{nncc.name = "x"}], res_attrs = [{nncc.name = "y"}]} : () -> ()

// -----

// One filter for each channel is a depthwise convolution.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<1x8x8x3xf32>):
// CHECK-NEXT: %0 = "tfl.pseudo_const"() {value = dense<[1.0, 2.0, 3.0]> : tensor<3xf32>} : () -> tensor<3xf32>
// CHECK-NEXT: %1 = "tfl.pseudo_const"() {value = dense_resource<weight> : tensor<1x3x3x3xf32>} : () -> tensor<1x3x3x3xf32>
// CHECK-NEXT: %y = "tfl.depthwise_conv_2d"(%x, %1, %0) {padding = "VALID", fused_activation_function = "RELU"} : (tensor<1x8x8x3xf32>, tensor<1x3x3x3xf32>, tensor<3xf32>) -> tensor<1x6x6x3xf32>
// CHECK-NEXT: "func.return"(%y) : (tensor<1x6x6x3xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<1x8x8x3xf32>):
  %0 = "nn.constant"() {value = dense<0.5> : tensor<3x1x3x3xf32>} : () -> tensor<3x1x3x3xf32>
  %1 = "nn.constant"() {value = dense<[1.0, 2.0, 3.0]> : tensor<3xf32>} : () -> tensor<3xf32>
  %2 = "nn.conv"(%x, %0, %1) {channel_last = true, groups = 3 : i64, activation = "relu"} : (tensor<1x8x8x3xf32>, tensor<3x1x3x3xf32>, tensor<3xf32>) -> tensor<1x6x6x3xf32>
  "func.return"(%2) : (tensor<1x6x6x3xf32>) -> ()
}) {function_type = (tensor<1x8x8x3xf32>) -> tensor<1x6x6x3xf32>, sym_name = "main", arg_attrs = [{nncc.name = "x"}], res_attrs = [{nncc.name = "y"}]} : () -> ()

// -----

// An affine is fully connected: the weights are transposed.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<1x2xf32>):
// CHECK-NEXT: %0 = "tfl.pseudo_const"() {value = dense<[1.0, 2.0, 3.0]> : tensor<3xf32>} : () -> tensor<3xf32>
// CHECK-NEXT: %1 = "tfl.pseudo_const"() {value = dense_resource<weight> : tensor<3x2xf32>} : () -> tensor<3x2xf32>
// CHECK-NEXT: %y = "tfl.fully_connected"(%x, %1, %0) {fused_activation_function = "RELU6"} : (tensor<1x2xf32>, tensor<3x2xf32>, tensor<3xf32>) -> tensor<1x3xf32>
// CHECK-NEXT: "func.return"(%y) : (tensor<1x3xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<1x2xf32>):
  %0 = "nn.constant"() {value = dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>} : () -> tensor<2x3xf32>
  %1 = "nn.constant"() {value = dense<[1.0, 2.0, 3.0]> : tensor<3xf32>} : () -> tensor<3xf32>
  %2 = "nn.affine"(%x, %0, %1) {activation = "relu6"} : (tensor<1x2xf32>, tensor<2x3xf32>, tensor<3xf32>) -> tensor<1x3xf32>
  "func.return"(%2) : (tensor<1x3xf32>) -> ()
}) {function_type = (tensor<1x2xf32>) -> tensor<1x3xf32>, sym_name = "main", arg_attrs = [{nncc.name = "x"}], res_attrs = [{nncc.name = "y"}]} : () -> ()

// -----

// Pooling, with padding VALID.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<1x8x8x3xf32>):
// CHECK-NEXT: %y = "tfl.max_pool_2d"(%x) {padding = "VALID", stride_h = 2 : i64, stride_w = 2 : i64, filter_height = 2 : i64, filter_width = 2 : i64} : (tensor<1x8x8x3xf32>) -> tensor<1x4x4x3xf32>
// CHECK-NEXT: "func.return"(%y) : (tensor<1x4x4x3xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<1x8x8x3xf32>):
  %0 = "nn.max_pool"(%x) {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, channel_last = true} : (tensor<1x8x8x3xf32>) -> tensor<1x4x4x3xf32>
  "func.return"(%0) : (tensor<1x4x4x3xf32>) -> ()
}) {function_type = (tensor<1x8x8x3xf32>) -> tensor<1x4x4x3xf32>, sym_name = "main", arg_attrs = [{nncc.name = "x"}], res_attrs = [{nncc.name = "y"}]} : () -> ()

// -----

// Arithmetic with an activation.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<1x4xf32>, %y: tensor<1x4xf32>):
// CHECK-NEXT: %z = "tfl.add"(%x, %y) {fused_activation_function = "RELU"} : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x4xf32>
// CHECK-NEXT: "func.return"(%z) : (tensor<1x4xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<1x4xf32>, %y: tensor<1x4xf32>):
  %0 = "nn.add"(%x, %y) {activation = "relu"} : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x4xf32>
  "func.return"(%0) : (tensor<1x4xf32>) -> ()
}) {function_type = (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x4xf32>, sym_name = "main", arg_attrs = [{nncc.name = "x"}, {nncc.name = "y"}], res_attrs = [{nncc.name = "z"}]} : () -> ()
