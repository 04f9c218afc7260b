// RUN: nncc opt --passes=recognize-hard-sigmoid --split --no-locations --verify-numerics=random %s | filecheck %s

// As (clip(x + 3, 0, 6)) / 6.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<4xf32>):
// CHECK-NEXT: %0 = "nn.hard_sigmoid"(%x) {alpha = 0.1666666716337204 : f64, beta = 0.5000000149011612 : f64} : (tensor<4xf32>) -> tensor<4xf32>
// CHECK-NEXT: "func.return"(%0) : (tensor<4xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<4xf32>):
  %0 = "nn.constant"() {value = dense<3.0> : tensor<f32>} : () -> tensor<f32>
  %1 = "nn.add"(%x, %0) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %2 = "nn.clip"(%1) {min = 0.0 : f64, max = 6.0 : f64} : (tensor<4xf32>) -> tensor<4xf32>
  %3 = "nn.constant"() {value = dense<0.16666667> : tensor<f32>} : () -> tensor<f32>
  %4 = "nn.mul"(%2, %3) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  "func.return"(%4) : (tensor<4xf32>) -> ()
}) {function_type = (tensor<4xf32>) -> tensor<4xf32>, sym_name = "main"} : () -> ()

// -----

// As clip(a * x + b, 0, 1).
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<4xf32>):
// CHECK-NEXT: %0 = "nn.hard_sigmoid"(%x) {alpha = 0.20000000298023224 : f64} : (tensor<4xf32>) -> tensor<4xf32>
// CHECK-NEXT: "func.return"(%0) : (tensor<4xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<4xf32>):
  %0 = "nn.constant"() {value = dense<0.2> : tensor<f32>} : () -> tensor<f32>
  %1 = "nn.mul"(%x, %0) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %2 = "nn.constant"() {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %3 = "nn.add"(%1, %2) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %4 = "nn.clip"(%3) {min = 0.0 : f64, max = 1.0 : f64} : (tensor<4xf32>) -> tensor<4xf32>
  "func.return"(%4) : (tensor<4xf32>) -> ()
}) {function_type = (tensor<4xf32>) -> tensor<4xf32>, sym_name = "main"} : () -> ()

// -----

// With relu6.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<4xf32>):
// CHECK-NEXT: %0 = "nn.hard_sigmoid"(%x) {alpha = 0.1666666716337204 : f64, beta = 0.5000000149011612 : f64} : (tensor<4xf32>) -> tensor<4xf32>
// CHECK-NEXT: "func.return"(%0) : (tensor<4xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<4xf32>):
  %0 = "nn.constant"() {value = dense<3.0> : tensor<f32>} : () -> tensor<f32>
  %1 = "nn.add"(%x, %0) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %2 = "nn.relu"(%1) : (tensor<4xf32>) -> tensor<4xf32>
  %3 = "nn.constant"() {value = dense<6.0> : tensor<f32>} : () -> tensor<f32>
  %4 = "nn.minimum"(%2, %3) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %5 = "nn.constant"() {value = dense<0.16666667> : tensor<f32>} : () -> tensor<f32>
  %6 = "nn.mul"(%4, %5) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  "func.return"(%6) : (tensor<4xf32>) -> ()
}) {function_type = (tensor<4xf32>) -> tensor<4xf32>, sym_name = "main"} : () -> ()

// -----

// Not recognized: the result goes from 0 to 6.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<4xf32>):
// CHECK-NEXT: %0 = "nn.constant"() {value = dense<3.0> : tensor<f32>} : () -> tensor<f32>
// CHECK-NEXT: %1 = "nn.add"(%x, %0) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
// CHECK-NEXT: %2 = "nn.clip"(%1) {min = 0.0 : f64, max = 6.0 : f64} : (tensor<4xf32>) -> tensor<4xf32>
// CHECK-NEXT: "func.return"(%2) : (tensor<4xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<4xf32>):
  %0 = "nn.constant"() {value = dense<3.0> : tensor<f32>} : () -> tensor<f32>
  %1 = "nn.add"(%x, %0) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %2 = "nn.clip"(%1) {min = 0.0 : f64, max = 6.0 : f64} : (tensor<4xf32>) -> tensor<4xf32>
  "func.return"(%2) : (tensor<4xf32>) -> ()
}) {function_type = (tensor<4xf32>) -> tensor<4xf32>, sym_name = "main"} : () -> ()

// -----

// Not recognized: the sum before the clip has another user.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<4xf32>):
// CHECK-NEXT: %0 = "nn.constant"() {value = dense<0.2> : tensor<f32>} : () -> tensor<f32>
// CHECK-NEXT: %1 = "nn.mul"(%x, %0) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
// CHECK-NEXT: %2 = "nn.constant"() {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
// CHECK-NEXT: %3 = "nn.add"(%1, %2) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
// CHECK-NEXT: %4 = "nn.clip"(%3) {min = 0.0 : f64, max = 1.0 : f64} : (tensor<4xf32>) -> tensor<4xf32>
// CHECK-NEXT: %5 = "nn.exp"(%3) : (tensor<4xf32>) -> tensor<4xf32>
// CHECK-NEXT: "func.return"(%4, %5) : (tensor<4xf32>, tensor<4xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<4xf32>):
  %0 = "nn.constant"() {value = dense<0.2> : tensor<f32>} : () -> tensor<f32>
  %1 = "nn.mul"(%x, %0) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %2 = "nn.constant"() {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %3 = "nn.add"(%1, %2) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %4 = "nn.clip"(%3) {min = 0.0 : f64, max = 1.0 : f64} : (tensor<4xf32>) -> tensor<4xf32>
  %5 = "nn.exp"(%3) : (tensor<4xf32>) -> tensor<4xf32>
  "func.return"(%4, %5) : (tensor<4xf32>, tensor<4xf32>) -> ()
}) {function_type = (tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>), sym_name = "main"} : () -> ()
