// RUN: nncc opt --passes=calibrate --split --no-locations --dataset=%S/inputs/four.npy %s | filecheck %s

// The samples go from -1 to 16, the results of the relu from 0.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<1x4xf32>):
// CHECK-NEXT: %0 = "nn.relu"(%x) {nncc.ranges = [array<f64: 0.0, 16.0>]} : (tensor<1x4xf32>) -> tensor<1x4xf32>
// CHECK-NEXT: "func.return"(%0) : (tensor<1x4xf32>) -> ()
// CHECK-NEXT: }) {function_type = (tensor<1x4xf32>) -> tensor<1x4xf32>, sym_name = "main", arg_attrs = [{nncc.range = array<f64: -1.0, 16.0>}]} : () -> ()
"func.func"() ({
^bb0(%x: tensor<1x4xf32>):
  %0 = "nn.relu"(%x) : (tensor<1x4xf32>) -> tensor<1x4xf32>
  "func.return"(%0) : (tensor<1x4xf32>) -> ()
}) {function_type = (tensor<1x4xf32>) -> tensor<1x4xf32>, sym_name = "main"} : () -> ()

// -----

// Ranges contain 0.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<1x4xf32>):
// CHECK-NEXT: %0 = "nn.constant"() {value = dense<2.0> : tensor<f32>} : () -> tensor<f32>
// CHECK-NEXT: %1 = "nn.add"(%x, %0) {nncc.ranges = [array<f64: 0.0, 18.0>]} : (tensor<1x4xf32>, tensor<f32>) -> tensor<1x4xf32>
// CHECK-NEXT: "func.return"(%1) : (tensor<1x4xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<1x4xf32>):
  %0 = "nn.constant"() {value = dense<2.0> : tensor<f32>} : () -> tensor<f32>
  %1 = "nn.add"(%x, %0) : (tensor<1x4xf32>, tensor<f32>) -> tensor<1x4xf32>
  "func.return"(%1) : (tensor<1x4xf32>) -> ()
}) {function_type = (tensor<1x4xf32>) -> tensor<1x4xf32>, sym_name = "main"} : () -> ()
