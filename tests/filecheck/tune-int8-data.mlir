// RUN: nncc opt --passes=tune-int8 --split --no-locations --dataset=%S/inputs/four.npy %s | filecheck %s

// The choice of the trials is noted for calibrate and quantize-int8.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<1x4xf32>):
// CHECK-NEXT: %0 = "nn.constant"() {value = dense<{{\[\[}}1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [0.5, 0.25]]> : tensor<4x2xf32>} : () -> tensor<4x2xf32>
// CHECK-NEXT: %1 = "nn.affine"(%x, %0) : (tensor<1x4xf32>, tensor<4x2xf32>) -> tensor<1x2xf32>
// CHECK-NEXT: %2 = "nn.relu"(%1) : (tensor<1x2xf32>) -> tensor<1x2xf32>
// CHECK-NEXT: "func.return"(%2) : (tensor<1x2xf32>) -> ()
// CHECK-NEXT: }) {function_type = (tensor<1x4xf32>) -> tensor<1x2xf32>, sym_name = "main", nncc.calibration = "{{[a-z]+}}"} : () -> ()
"func.func"() ({
^bb0(%x: tensor<1x4xf32>):
  %0 = "nn.constant"() {value = dense<[[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [0.5, 0.25]]> : tensor<4x2xf32>} : () -> tensor<4x2xf32>
  %1 = "nn.affine"(%x, %0) : (tensor<1x4xf32>, tensor<4x2xf32>) -> tensor<1x2xf32>
  %2 = "nn.relu"(%1) : (tensor<1x2xf32>) -> tensor<1x2xf32>
  "func.return"(%2) : (tensor<1x2xf32>) -> ()
}) {function_type = (tensor<1x4xf32>) -> tensor<1x2xf32>, sym_name = "main"} : () -> ()
