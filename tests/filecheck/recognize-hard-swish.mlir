// RUN: nncc opt --passes=recognize-hard-swish --split --no-locations --verify-numerics=random %s | filecheck %s

// x times its hard sigmoid with alpha = 1 / 6 and beta = 0.5.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<4xf32>):
// CHECK-NEXT: %0 = "nn.hard_swish"(%x) : (tensor<4xf32>) -> tensor<4xf32>
// CHECK-NEXT: "func.return"(%0) : (tensor<4xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<4xf32>):
  %0 = "nn.hard_sigmoid"(%x) {alpha = 0.16666666666666666 : f64} : (tensor<4xf32>) -> tensor<4xf32>
  %1 = "nn.mul"(%x, %0) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  "func.return"(%1) : (tensor<4xf32>) -> ()
}) {function_type = (tensor<4xf32>) -> tensor<4xf32>, sym_name = "main"} : () -> ()

// -----

// x * clip(x + 3, 0, 6) / 6.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<4xf32>):
// CHECK-NEXT: %0 = "nn.hard_swish"(%x) : (tensor<4xf32>) -> tensor<4xf32>
// CHECK-NEXT: "func.return"(%0) : (tensor<4xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<4xf32>):
  %0 = "nn.constant"() {value = dense<3.0> : tensor<f32>} : () -> tensor<f32>
  %1 = "nn.add"(%x, %0) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %2 = "nn.clip"(%1) {min = 0.0 : f64, max = 6.0 : f64} : (tensor<4xf32>) -> tensor<4xf32>
  %3 = "nn.mul"(%x, %2) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %4 = "nn.constant"() {value = dense<0.16666667> : tensor<f32>} : () -> tensor<f32>
  %5 = "nn.mul"(%3, %4) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  "func.return"(%5) : (tensor<4xf32>) -> ()
}) {function_type = (tensor<4xf32>) -> tensor<4xf32>, sym_name = "main"} : () -> ()

// -----

// The division before the multiplication.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<4xf32>):
// CHECK-NEXT: %0 = "nn.hard_swish"(%x) : (tensor<4xf32>) -> tensor<4xf32>
// CHECK-NEXT: "func.return"(%0) : (tensor<4xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<4xf32>):
  %0 = "nn.constant"() {value = dense<3.0> : tensor<f32>} : () -> tensor<f32>
  %1 = "nn.add"(%x, %0) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %2 = "nn.clip"(%1) {min = 0.0 : f64, max = 6.0 : f64} : (tensor<4xf32>) -> tensor<4xf32>
  %3 = "nn.constant"() {value = dense<0.16666667> : tensor<f32>} : () -> tensor<f32>
  %4 = "nn.mul"(%2, %3) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %5 = "nn.mul"(%4, %x) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  "func.return"(%5) : (tensor<4xf32>) -> ()
}) {function_type = (tensor<4xf32>) -> tensor<4xf32>, sym_name = "main"} : () -> ()

// -----

// Not recognized: alpha is 0.2.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<4xf32>):
// CHECK-NEXT: %0 = "nn.hard_sigmoid"(%x) : (tensor<4xf32>) -> tensor<4xf32>
// CHECK-NEXT: %1 = "nn.mul"(%x, %0) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
// CHECK-NEXT: "func.return"(%1) : (tensor<4xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<4xf32>):
  %0 = "nn.hard_sigmoid"(%x) : (tensor<4xf32>) -> tensor<4xf32>
  %1 = "nn.mul"(%x, %0) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  "func.return"(%1) : (tensor<4xf32>) -> ()
}) {function_type = (tensor<4xf32>) -> tensor<4xf32>, sym_name = "main"} : () -> ()

// -----

// Not recognized: the gate is of another value.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<4xf32>, %y: tensor<4xf32>):
// CHECK-NEXT: %0 = "nn.hard_sigmoid"(%x) {alpha = 0.16666666666666666 : f64} : (tensor<4xf32>) -> tensor<4xf32>
// CHECK-NEXT: %1 = "nn.mul"(%y, %0) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
// CHECK-NEXT: "func.return"(%1) : (tensor<4xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<4xf32>, %y: tensor<4xf32>):
  %0 = "nn.hard_sigmoid"(%x) {alpha = 0.16666666666666666 : f64} : (tensor<4xf32>) -> tensor<4xf32>
  %1 = "nn.mul"(%y, %0) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  "func.return"(%1) : (tensor<4xf32>) -> ()
}) {function_type = (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>, sym_name = "main"} : () -> ()
