// RUN: nncc opt --passes=recognize-leaky-relu --split --no-locations --verify-numerics=random %s | filecheck %s

// max(x, 0.125 * x).
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<4xf32>):
// CHECK-NEXT: %0 = "nn.leaky_relu"(%x) {alpha = 0.125 : f64} : (tensor<4xf32>) -> tensor<4xf32>
// CHECK-NEXT: "func.return"(%0) : (tensor<4xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<4xf32>):
  %0 = "nn.constant"() {value = dense<0.125> : tensor<f32>} : () -> tensor<f32>
  %1 = "nn.mul"(%x, %0) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %2 = "nn.maximum"(%x, %1) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  "func.return"(%2) : (tensor<4xf32>) -> ()
}) {function_type = (tensor<4xf32>) -> tensor<4xf32>, sym_name = "main"} : () -> ()

// -----

// A parametric rectifier: relu(x) - slope * relu(-x).
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<2x4xf32>):
// CHECK-NEXT: %0 = "nn.constant"() {value = dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>} : () -> tensor<4xf32>
// CHECK-NEXT: %1 = "nn.prelu"(%x, %0) : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
// CHECK-NEXT: "func.return"(%1) : (tensor<2x4xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<2x4xf32>):
  %0 = "nn.relu"(%x) : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %1 = "nn.neg"(%x) : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %2 = "nn.relu"(%1) : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %3 = "nn.constant"() {value = dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>} : () -> tensor<4xf32>
  %4 = "nn.mul"(%2, %3) : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
  %5 = "nn.sub"(%0, %4) : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  "func.return"(%5) : (tensor<2x4xf32>) -> ()
}) {function_type = (tensor<2x4xf32>) -> tensor<2x4xf32>, sym_name = "main"} : () -> ()

// -----

// The same with the sign in the slope.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<2x4xf32>):
// CHECK-NEXT: %0 = "nn.constant"() {value = dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>} : () -> tensor<4xf32>
// CHECK-NEXT: %1 = "nn.prelu"(%x, %0) : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
// CHECK-NEXT: "func.return"(%1) : (tensor<2x4xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<2x4xf32>):
  %0 = "nn.neg"(%x) : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %1 = "nn.relu"(%0) : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %2 = "nn.constant"() {value = dense<[-1.0, -2.0, -3.0, -4.0]> : tensor<4xf32>} : () -> tensor<4xf32>
  %3 = "nn.mul"(%2, %1) : (tensor<4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %4 = "nn.relu"(%x) : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %5 = "nn.add"(%3, %4) : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  "func.return"(%5) : (tensor<2x4xf32>) -> ()
}) {function_type = (tensor<2x4xf32>) -> tensor<2x4xf32>, sym_name = "main"} : () -> ()

// -----

// Not recognized: with a slope above 1 the larger one is the other below 0.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<4xf32>):
// CHECK-NEXT: %0 = "nn.constant"() {value = dense<2.0> : tensor<f32>} : () -> tensor<f32>
// CHECK-NEXT: %1 = "nn.mul"(%x, %0) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
// CHECK-NEXT: %2 = "nn.maximum"(%x, %1) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
// CHECK-NEXT: "func.return"(%2) : (tensor<4xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<4xf32>):
  %0 = "nn.constant"() {value = dense<2.0> : tensor<f32>} : () -> tensor<f32>
  %1 = "nn.mul"(%x, %0) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %2 = "nn.maximum"(%x, %1) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  "func.return"(%2) : (tensor<4xf32>) -> ()
}) {function_type = (tensor<4xf32>) -> tensor<4xf32>, sym_name = "main"} : () -> ()

// -----

// Not recognized: the two are of different values.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<4xf32>, %y: tensor<4xf32>):
// CHECK-NEXT: %0 = "nn.constant"() {value = dense<0.125> : tensor<f32>} : () -> tensor<f32>
// CHECK-NEXT: %1 = "nn.mul"(%y, %0) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
// CHECK-NEXT: %2 = "nn.maximum"(%x, %1) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
// CHECK-NEXT: "func.return"(%2) : (tensor<4xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<4xf32>, %y: tensor<4xf32>):
  %0 = "nn.constant"() {value = dense<0.125> : tensor<f32>} : () -> tensor<f32>
  %1 = "nn.mul"(%y, %0) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %2 = "nn.maximum"(%x, %1) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  "func.return"(%2) : (tensor<4xf32>) -> ()
}) {function_type = (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>, sym_name = "main"} : () -> ()
