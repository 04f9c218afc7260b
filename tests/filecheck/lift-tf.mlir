// RUN: nncc opt --passes=lift-tf --split --no-locations --verify-numerics=random %s | filecheck %s

// An image is channel-first in nn, between transposes; the odd pad of SAME is at the end; names stay.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<1x6x6x1xf32>):
// CHECK-DAG: %{{.*}} = "nn.transpose"(%x) {perm = array<i64: 0, 3, 1, 2>} : (tensor<1x6x6x1xf32>) -> tensor<1x1x6x6xf32>
// CHECK: "nn.conv"({{.*}}) {strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 1, 1>} : (tensor<1x1x6x6xf32>, tensor<2x1x3x3xf32>) -> tensor<1x2x3x3xf32>
// CHECK-NEXT: %y = "nn.transpose"({{.*}}) {perm = array<i64: 0, 2, 3, 1>}
// CHECK-NEXT: "func.return"(%y)
"func.func"() ({
^bb0(%x: tensor<1x6x6x1xf32>):
  %w = "tf.Const"() {value = dense<1.0> : tensor<3x3x1x2xf32>} : () -> tensor<3x3x1x2xf32>
  %y = "tf.Conv2D"(%x, %w) {strides = array<i64: 1, 2, 2, 1>, padding = "SAME"} : (tensor<1x6x6x1xf32>, tensor<3x3x1x2xf32>) -> tensor<*xf32>
  "func.return"(%y) : (tensor<*xf32>) -> ()
}) {function_type = (tensor<1x6x6x1xf32>) -> tensor<*xf32>, sym_name = "main", arg_attrs = [{nncc.name = "x"}], res_attrs = [{nncc.name = "y"}]} : () -> ()

// -----

// What TensorFlow computes of static shapes is a constant; bits of masks tell which entries are open or single places.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<4x3xf32>):
// CHECK-NEXT: %y = "nn.reshape"(%x) {shape = array<i64: 3, -1>} : (tensor<4x3xf32>) -> tensor<3x4xf32>
// CHECK-NEXT: "func.return"(%y)
"func.func"() ({
^bb0(%x: tensor<4x3xf32>):
  %s = "tf.Shape"(%x) : (tensor<4x3xf32>) -> tensor<*xi32>
  %one = "tf.Const"() {value = dense<1> : tensor<1xi32>} : () -> tensor<1xi32>
  %two = "tf.Const"() {value = dense<2> : tensor<1xi32>} : () -> tensor<1xi32>
  %n = "tf.StridedSlice"(%s, %one, %two, %one) {shrink_axis_mask = 1} : (tensor<*xi32>, tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<*xi32>
  %rest = "tf.Const"() {value = dense<-1> : tensor<i32>} : () -> tensor<i32>
  %shape = "tf.Pack"(%n, %rest) : (tensor<*xi32>, tensor<i32>) -> tensor<*xi32>
  %y = "tf.Reshape"(%x, %shape) : (tensor<4x3xf32>, tensor<*xi32>) -> tensor<*xf32>
  "func.return"(%y) : (tensor<*xf32>) -> ()
}) {function_type = (tensor<4x3xf32>) -> tensor<*xf32>, sym_name = "main", arg_attrs = [{nncc.name = "x"}], res_attrs = [{nncc.name = "y"}]} : () -> ()
