// RUN: nncc opt --passes=recognize-gelu --split --no-locations --verify-numerics=random %s | filecheck %s

// By the error function.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<4xf32>):
// CHECK-NEXT: %0 = "nn.gelu"(%x) : (tensor<4xf32>) -> tensor<4xf32>
// CHECK-NEXT: "func.return"(%0) : (tensor<4xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<4xf32>):
  %0 = "nn.constant"() {value = dense<0.70710677> : tensor<f32>} : () -> tensor<f32>
  %1 = "nn.mul"(%x, %0) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %2 = "nn.erf"(%1) : (tensor<4xf32>) -> tensor<4xf32>
  %3 = "nn.constant"() {value = dense<1.0> : tensor<f32>} : () -> tensor<f32>
  %4 = "nn.add"(%2, %3) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %5 = "nn.mul"(%x, %4) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %6 = "nn.constant"() {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %7 = "nn.mul"(%5, %6) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  "func.return"(%7) : (tensor<4xf32>) -> ()
}) {function_type = (tensor<4xf32>) -> tensor<4xf32>, sym_name = "main"} : () -> ()

// -----

// By tanh.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<4xf32>):
// CHECK-NEXT: %0 = "nn.gelu"(%x) {approximate = true} : (tensor<4xf32>) -> tensor<4xf32>
// CHECK-NEXT: "func.return"(%0) : (tensor<4xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<4xf32>):
  %0 = "nn.constant"() {value = dense<3.0> : tensor<f32>} : () -> tensor<f32>
  %1 = "nn.pow"(%x, %0) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %2 = "nn.constant"() {value = dense<0.044715> : tensor<f32>} : () -> tensor<f32>
  %3 = "nn.mul"(%1, %2) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %4 = "nn.add"(%x, %3) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %5 = "nn.constant"() {value = dense<0.7978846> : tensor<f32>} : () -> tensor<f32>
  %6 = "nn.mul"(%4, %5) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %7 = "nn.tanh"(%6) : (tensor<4xf32>) -> tensor<4xf32>
  %8 = "nn.constant"() {value = dense<1.0> : tensor<f32>} : () -> tensor<f32>
  %9 = "nn.add"(%7, %8) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %10 = "nn.mul"(%x, %9) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %11 = "nn.constant"() {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %12 = "nn.mul"(%10, %11) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  "func.return"(%12) : (tensor<4xf32>) -> ()
}) {function_type = (tensor<4xf32>) -> tensor<4xf32>, sym_name = "main"} : () -> ()

// -----

// Not recognized: the factor in the error function is 1, not sqrt(1 / 2).
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<4xf32>):
// CHECK-NEXT: %0 = "nn.erf"(%x) : (tensor<4xf32>) -> tensor<4xf32>
// CHECK-NEXT: %1 = "nn.constant"() {value = dense<1.0> : tensor<f32>} : () -> tensor<f32>
// CHECK-NEXT: %2 = "nn.add"(%0, %1) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
// CHECK-NEXT: %3 = "nn.mul"(%x, %2) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
// CHECK-NEXT: %4 = "nn.constant"() {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
// CHECK-NEXT: %5 = "nn.mul"(%3, %4) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
// CHECK-NEXT: "func.return"(%5) : (tensor<4xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<4xf32>):
  %0 = "nn.erf"(%x) : (tensor<4xf32>) -> tensor<4xf32>
  %1 = "nn.constant"() {value = dense<1.0> : tensor<f32>} : () -> tensor<f32>
  %2 = "nn.add"(%0, %1) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %3 = "nn.mul"(%x, %2) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %4 = "nn.constant"() {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %5 = "nn.mul"(%3, %4) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  "func.return"(%5) : (tensor<4xf32>) -> ()
}) {function_type = (tensor<4xf32>) -> tensor<4xf32>, sym_name = "main"} : () -> ()
