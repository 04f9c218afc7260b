// RUN: nncc opt --passes=merge-affines --split --no-locations --verify-numerics=random %s | filecheck %s

// Weights stand side by side.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<1x2xf32>):
// CHECK-NEXT: %0 = "nn.constant"() {value = dense<{{\[\[}}1.0, 3.0, 4.0], [2.0, 5.0, 6.0{{\]\]}}> : tensor<2x3xf32>}
// CHECK-NEXT: %1 = "nn.affine"(%x, %0) : (tensor<1x2xf32>, tensor<2x3xf32>) -> tensor<1x3xf32>
// CHECK-NEXT: %2, %3 = "nn.split"(%1) {axis = -1 : i64, sizes = array<i64: 1, 2>}
// CHECK-NEXT: "func.return"(%2, %3)
"func.func"() ({
^bb0(%x: tensor<1x2xf32>):
  %0 = "nn.constant"() {value = dense<[[1.0], [2.0]]> : tensor<2x1xf32>} : () -> tensor<2x1xf32>
  %1 = "nn.constant"() {value = dense<[[3.0, 4.0], [5.0, 6.0]]> : tensor<2x2xf32>} : () -> tensor<2x2xf32>
  %2 = "nn.affine"(%x, %0) : (tensor<1x2xf32>, tensor<2x1xf32>) -> tensor<1x1xf32>
  %3 = "nn.affine"(%x, %1) : (tensor<1x2xf32>, tensor<2x2xf32>) -> tensor<1x2xf32>
  "func.return"(%2, %3) : (tensor<1x1xf32>, tensor<1x2xf32>) -> ()
}) {function_type = (tensor<1x2xf32>) -> (tensor<1x1xf32>, tensor<1x2xf32>), sym_name = "main"} : () -> ()

// -----

// Not merged: the relu becomes the activation of one of them.
// CHECK-LABEL: builtin.module
// CHECK: %2 = "nn.affine"(%x, %0) : (tensor<1x2xf32>, tensor<2x1xf32>) -> tensor<1x1xf32>
// CHECK-NEXT: %3 = "nn.affine"(%x, %1) : (tensor<1x2xf32>, tensor<2x2xf32>) -> tensor<1x2xf32>
// CHECK-NEXT: %4 = "nn.relu"(%3) : (tensor<1x2xf32>) -> tensor<1x2xf32>
"func.func"() ({
^bb0(%x: tensor<1x2xf32>):
  %0 = "nn.constant"() {value = dense<[[1.0], [2.0]]> : tensor<2x1xf32>} : () -> tensor<2x1xf32>
  %1 = "nn.constant"() {value = dense<[[3.0, 4.0], [5.0, 6.0]]> : tensor<2x2xf32>} : () -> tensor<2x2xf32>
  %2 = "nn.affine"(%x, %0) : (tensor<1x2xf32>, tensor<2x1xf32>) -> tensor<1x1xf32>
  %3 = "nn.affine"(%x, %1) : (tensor<1x2xf32>, tensor<2x2xf32>) -> tensor<1x2xf32>
  %4 = "nn.relu"(%3) : (tensor<1x2xf32>) -> tensor<1x2xf32>
  "func.return"(%2, %4) : (tensor<1x1xf32>, tensor<1x2xf32>) -> ()
}) {function_type = (tensor<1x2xf32>) -> (tensor<1x1xf32>, tensor<1x2xf32>), sym_name = "main"} : () -> ()
