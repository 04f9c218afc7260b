// RUN: nncc opt --passes=normalize-arithmetic --split --no-locations --verify-numerics=random %s | filecheck %s

// A division by a constant is a multiplication, and constants are applied last.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<4xf32>, %y: tensor<4xf32>):
// CHECK-NEXT: %0 = "nn.mul"(%x, %y) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
// CHECK-NEXT: %1 = "nn.constant"() {value = dense<0.16666667> : tensor<f32>} : () -> tensor<f32>
// CHECK-NEXT: %2 = "nn.mul"(%0, %1) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
// CHECK-NEXT: "func.return"(%2) : (tensor<4xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<4xf32>, %y: tensor<4xf32>):
  %0 = "nn.constant"() {value = dense<6.0> : tensor<f32>} : () -> tensor<f32>
  %1 = "nn.div"(%x, %0) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %2 = "nn.mul"(%1, %y) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  "func.return"(%2) : (tensor<4xf32>) -> ()
}) {function_type = (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>, sym_name = "main"} : () -> ()

// -----

// Not changed: the divisor is no constant.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<4xf32>, %y: tensor<4xf32>):
// CHECK-NEXT: %0 = "nn.div"(%x, %y) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
// CHECK-NEXT: "func.return"(%0) : (tensor<4xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<4xf32>, %y: tensor<4xf32>):
  %0 = "nn.div"(%x, %y) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  "func.return"(%0) : (tensor<4xf32>) -> ()
}) {function_type = (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>, sym_name = "main"} : () -> ()

// -----

// Not changed: 1 / 2^127 is subnormal, and some machines take it for 0.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<4xf32>):
// CHECK-NEXT: %0 = "nn.constant"() {value = dense<1.7014118e+38> : tensor<f32>} : () -> tensor<f32>
// CHECK-NEXT: %1 = "nn.div"(%x, %0) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
// CHECK-NEXT: "func.return"(%1) : (tensor<4xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<4xf32>):
  %0 = "nn.constant"() {value = dense<1.7014118e+38> : tensor<f32>} : () -> tensor<f32>
  %1 = "nn.div"(%x, %0) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  "func.return"(%1) : (tensor<4xf32>) -> ()
}) {function_type = (tensor<4xf32>) -> tensor<4xf32>, sym_name = "main"} : () -> ()
