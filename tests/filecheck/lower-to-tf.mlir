// RUN: nncc opt --passes=lower-to-tf --split --no-locations %s | filecheck %s
// A convolution with a bias and a built-in activation is three nodes; pads that no scheme has are said one by one.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<?x9x9x3xf32, {d0 = "N"}>, %w: tensor<4x3x3x3xf32>, %b: tensor<4xf32>):
// CHECK-NEXT: %perm = "tf.Const"() {value = dense<[2, 3, 1, 0]> : tensor<4xi32>} : () -> tensor<4xi32>
// CHECK-NEXT: %0 = "tf.Transpose"(%w, %perm) : (tensor<4x3x3x3xf32>, tensor<4xi32>) -> tensor<3x3x3x4xf32>
// CHECK-NEXT: %1 = "tf.Conv2D"(%x, %0) {strides = array<i64: 1, 2, 2, 1>, padding = "EXPLICIT", explicit_paddings = array<i64: 0, 0, 1, 0, 2, 1, 0, 0>} : (tensor<?x9x9x3xf32, {d0 = "N"}>, tensor<3x3x3x4xf32>) -> tensor<?x4x5x4xf32, {d0 = "N"}>
// CHECK-NEXT: %2 = "tf.BiasAdd"(%1, %b) : (tensor<?x4x5x4xf32, {d0 = "N"}>, tensor<4xf32>) -> tensor<?x4x5x4xf32, {d0 = "N"}>
// CHECK-NEXT: %y = "tf.Relu6"(%2) : (tensor<?x4x5x4xf32, {d0 = "N"}>) -> tensor<?x4x5x4xf32, {d0 = "N"}>
// CHECK-NEXT: "func.return"(%y) : (tensor<?x4x5x4xf32, {d0 = "N"}>) -> ()
"func.func"() ({
^bb0(%x: tensor<?x9x9x3xf32, {d0 = "N"}>, %w: tensor<4x3x3x3xf32>, %b: tensor<4xf32>):
  %0 = "nn.conv"(%x, %w, %b) {activation = "relu6", channel_last = true, strides = array<i64: 2, 2>, pads = array<i64: 1, 2, 0, 1>} : (tensor<?x9x9x3xf32, {d0 = "N"}>, tensor<4x3x3x3xf32>, tensor<4xf32>) -> tensor<?x4x5x4xf32, {d0 = "N"}>
  "func.return"(%0) : (tensor<?x4x5x4xf32, {d0 = "N"}>) -> ()
}) {function_type = (tensor<?x9x9x3xf32, {d0 = "N"}>, tensor<4x3x3x3xf32>, tensor<4xf32>) -> tensor<?x4x5x4xf32, {d0 = "N"}>, sym_name = "main", arg_attrs = [{nncc.name = "x"}, {nncc.name = "w"}, {nncc.name = "b"}], res_attrs = [{nncc.name = "y"}]} : () -> ()

// -----
// The size of what a transposed convolution gives is asked where the batch is open.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<?x4x4x2xf32, {d0 = "N"}>, %w: tensor<2x3x2x2xf32>):
// CHECK-NEXT: %perm = "tf.Const"() {value = dense<[2, 3, 1, 0]> : tensor<4xi32>} : () -> tensor<4xi32>
// CHECK-NEXT: %0 = "tf.Transpose"(%w, %perm) : (tensor<2x3x2x2xf32>, tensor<4xi32>) -> tensor<2x2x3x2xf32>
// CHECK-NEXT: %1 = "tf.Shape"(%x) {out_type = i32} : (tensor<?x4x4x2xf32, {d0 = "N"}>) -> tensor<4xi32>
// CHECK-NEXT: %begin = "tf.Const"() {value = dense<[0]> : tensor<1xi32>} : () -> tensor<1xi32>
// CHECK-NEXT: %end = "tf.Const"() {value = dense<[1]> : tensor<1xi32>} : () -> tensor<1xi32>
// CHECK-NEXT: %2 = "tf.StridedSlice"(%1, %begin, %end, %end) {shrink_axis_mask = 1 : i64} : (tensor<4xi32>, tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<i32>
// CHECK-NEXT: %dim = "tf.Const"() {value = dense<8> : tensor<i32>} : () -> tensor<i32>
// CHECK-NEXT: %dim_1 = "tf.Const"() {value = dense<3> : tensor<i32>} : () -> tensor<i32>
// CHECK-NEXT: %3 = "tf.Pack"(%2, %dim, %dim, %dim_1) {axis = 0 : i64} : (tensor<i32>, tensor<i32>, tensor<i32>, tensor<i32>) -> tensor<4xi32>
// CHECK-NEXT: %y = "tf.Conv2DBackpropInput"(%3, %0, %x) {strides = array<i64: 1, 2, 2, 1>, padding = "VALID"} : (tensor<4xi32>, tensor<2x2x3x2xf32>, tensor<?x4x4x2xf32, {d0 = "N"}>) -> tensor<?x8x8x3xf32, {d0 = "N"}>
// CHECK-NEXT: "func.return"(%y) : (tensor<?x8x8x3xf32, {d0 = "N"}>) -> ()
"func.func"() ({
^bb0(%x: tensor<?x4x4x2xf32, {d0 = "N"}>, %w: tensor<2x3x2x2xf32>):
  %0 = "nn.conv_transpose"(%x, %w) {channel_last = true, strides = array<i64: 2, 2>} : (tensor<?x4x4x2xf32, {d0 = "N"}>, tensor<2x3x2x2xf32>) -> tensor<?x8x8x3xf32, {d0 = "N"}>
  "func.return"(%0) : (tensor<?x8x8x3xf32, {d0 = "N"}>) -> ()
}) {function_type = (tensor<?x4x4x2xf32, {d0 = "N"}>, tensor<2x3x2x2xf32>) -> tensor<?x8x8x3xf32, {d0 = "N"}>, sym_name = "main", arg_attrs = [{nncc.name = "x"}, {nncc.name = "w"}], res_attrs = [{nncc.name = "y"}]} : () -> ()

// -----
// Every output is a node of its own: what two ports give, and what is an input, is copied.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<2x3xf32>):
// CHECK-NEXT: %axes = "tf.Const"() {value = dense<[1]> : tensor<1xi32>} : () -> tensor<1xi32>
// CHECK-NEXT: %0 = "tf.Mean"(%x, %axes) {keep_dims = true} : (tensor<2x3xf32>, tensor<1xi32>) -> tensor<2x1xf32>
// CHECK-NEXT: %y = "tf.Identity"(%0) : (tensor<2x1xf32>) -> tensor<2x1xf32>
// CHECK-NEXT: %z = "tf.Identity"(%0) : (tensor<2x1xf32>) -> tensor<2x1xf32>
// CHECK-NEXT: %same = "tf.Identity"(%x) : (tensor<2x3xf32>) -> tensor<2x3xf32>
// CHECK-NEXT: "func.return"(%y, %z, %same) : (tensor<2x1xf32>, tensor<2x1xf32>, tensor<2x3xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<2x3xf32>):
  %0 = "nn.reduce_mean"(%x) {axes = array<i64: -1>} : (tensor<2x3xf32>) -> tensor<2x1xf32>
  "func.return"(%0, %0, %x) : (tensor<2x1xf32>, tensor<2x1xf32>, tensor<2x3xf32>) -> ()
}) {function_type = (tensor<2x3xf32>) -> (tensor<2x1xf32>, tensor<2x1xf32>, tensor<2x3xf32>), sym_name = "main", arg_attrs = [{nncc.name = "x"}], res_attrs = [{nncc.name = "y"}, {nncc.name = "z"}, {nncc.name = "same"}]} : () -> ()
