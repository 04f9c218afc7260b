// RUN: nncc opt --passes=calibrate --split --no-locations %s | filecheck %s

// Without data the inputs are random numbers from 0 to 1. Ranges contain 0, and the input's stands at its port.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<1x8xf32>):
// CHECK-NEXT: %0 = "nn.constant"() {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
// CHECK-NEXT: %1 = "nn.mul"(%x, %0) {nncc.ranges = [array<f64: 0.0, 0.0>]} : (tensor<1x8xf32>, tensor<f32>) -> tensor<1x8xf32>
// CHECK-NEXT: %2 = "nn.constant"() {value = dense<5.0> : tensor<f32>} : () -> tensor<f32>
// CHECK-NEXT: %3 = "nn.add"(%1, %2) {nncc.ranges = [array<f64: 0.0, 5.0>]} : (tensor<1x8xf32>, tensor<f32>) -> tensor<1x8xf32>
// CHECK-NEXT: %4 = "nn.constant"() {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
// CHECK-NEXT: %5 = "nn.mul"(%x, %4) {nncc.ranges = [array<f64: 0.0, 0.0>]} : (tensor<1x8xf32>, tensor<f32>) -> tensor<1x8xf32>
// CHECK-NEXT: %6 = "nn.constant"() {value = dense<2.0> : tensor<f32>} : () -> tensor<f32>
// CHECK-NEXT: %7 = "nn.sub"(%5, %6) {nncc.ranges = [array<f64: -2.0, 0.0>]} : (tensor<1x8xf32>, tensor<f32>) -> tensor<1x8xf32>
// CHECK-NEXT: %8 = "nn.tanh"(%x) {nncc.ranges = [array<f64: 0.0, 0.{{[0-9]+}}>]} : (tensor<1x8xf32>) -> tensor<1x8xf32>
// CHECK-NEXT: "func.return"(%3, %7, %8) : (tensor<1x8xf32>, tensor<1x8xf32>, tensor<1x8xf32>) -> ()
// CHECK-NEXT: }) {function_type = (tensor<1x8xf32>) -> (tensor<1x8xf32>, tensor<1x8xf32>, tensor<1x8xf32>), sym_name = "main", arg_attrs = [{nncc.range = array<f64: 0.0, 0.{{[0-9]+}}>}]} : () -> ()
"func.func"() ({
^bb0(%x: tensor<1x8xf32>):
  %0 = "nn.constant"() {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
  %1 = "nn.mul"(%x, %0) : (tensor<1x8xf32>, tensor<f32>) -> tensor<1x8xf32>
  %2 = "nn.constant"() {value = dense<5.0> : tensor<f32>} : () -> tensor<f32>
  %3 = "nn.add"(%1, %2) : (tensor<1x8xf32>, tensor<f32>) -> tensor<1x8xf32>
  %4 = "nn.constant"() {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
  %5 = "nn.mul"(%x, %4) : (tensor<1x8xf32>, tensor<f32>) -> tensor<1x8xf32>
  %6 = "nn.constant"() {value = dense<2.0> : tensor<f32>} : () -> tensor<f32>
  %7 = "nn.sub"(%5, %6) : (tensor<1x8xf32>, tensor<f32>) -> tensor<1x8xf32>
  %8 = "nn.tanh"(%x) : (tensor<1x8xf32>) -> tensor<1x8xf32>
  "func.return"(%3, %7, %8) : (tensor<1x8xf32>, tensor<1x8xf32>, tensor<1x8xf32>) -> ()
}) {function_type = (tensor<1x8xf32>) -> (tensor<1x8xf32>, tensor<1x8xf32>, tensor<1x8xf32>), sym_name = "main"} : () -> ()

// -----

// Integers have no range.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<1x8xf32>):
// CHECK-NEXT: %0 = "nn.argmax"(%x) {axis = 1 : i64} : (tensor<1x8xf32>) -> tensor<1x1xi64>
// CHECK-NEXT: "func.return"(%0) : (tensor<1x1xi64>) -> ()
"func.func"() ({
^bb0(%x: tensor<1x8xf32>):
  %0 = "nn.argmax"(%x) {axis = 1 : i64} : (tensor<1x8xf32>) -> tensor<1x1xi64>
  "func.return"(%0) : (tensor<1x1xi64>) -> ()
}) {function_type = (tensor<1x8xf32>) -> tensor<1x1xi64>, sym_name = "main"} : () -> ()
