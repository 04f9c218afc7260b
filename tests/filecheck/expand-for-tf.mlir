// RUN: nncc opt --passes=expand-for-tf --split --no-locations --verify-numerics=random %s | filecheck %s
// TensorFlow has no HardSwish.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<2x4xf32>):
// CHECK-NEXT: %0 = "nn.constant"() {value = dense<3.0> : tensor<f32>} : () -> tensor<f32>
// CHECK-NEXT: %1 = "nn.add"(%x, %0) : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
// CHECK-NEXT: %2 = "nn.clip"(%1) {min = 0.0 : f64, max = 6.0 : f64} : (tensor<2x4xf32>) -> tensor<2x4xf32>
// CHECK-NEXT: %3 = "nn.mul"(%x, %2) : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
// CHECK-NEXT: %4 = "nn.constant"() {value = dense<0.16666667> : tensor<f32>} : () -> tensor<f32>
// CHECK-NEXT: %5 = "nn.mul"(%3, %4) : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
// CHECK-NEXT: "func.return"(%5) : (tensor<2x4xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<2x4xf32>):
  %0 = "nn.hard_swish"(%x) : (tensor<2x4xf32>) -> tensor<2x4xf32>
  "func.return"(%0) : (tensor<2x4xf32>) -> ()
}) {function_type = (tensor<2x4xf32>) -> tensor<2x4xf32>, sym_name = "main", arg_attrs = [{nncc.name = "x"}], res_attrs = [{nncc.name = "y"}]} : () -> ()

// -----
// Indices count from the front there; those that are computed may not.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<4xf32>, %i: tensor<3xi32>):
// CHECK-NEXT: %0 = "nn.constant"() {value = dense<4> : tensor<i32>} : () -> tensor<i32>
// CHECK-NEXT: %1 = "nn.mod"(%i, %0) : (tensor<3xi32>, tensor<i32>) -> tensor<3xi32>
// CHECK-NEXT: %2 = "nn.gather"(%x, %1) : (tensor<4xf32>, tensor<3xi32>) -> tensor<3xf32>
// CHECK-NEXT: "func.return"(%2) : (tensor<3xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<4xf32>, %i: tensor<3xi32>):
  %0 = "nn.gather"(%x, %i) : (tensor<4xf32>, tensor<3xi32>) -> tensor<3xf32>
  "func.return"(%0) : (tensor<3xf32>) -> ()
}) {function_type = (tensor<4xf32>, tensor<3xi32>) -> tensor<3xf32>, sym_name = "main", arg_attrs = [{nncc.name = "x"}, {nncc.name = "i"}], res_attrs = [{nncc.name = "y"}]} : () -> ()
