// RUN: nncc opt --passes=recognize-swish --split --no-locations --verify-numerics=random %s | filecheck %s

// x * sigmoid(x).
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<4xf32>):
// CHECK-NEXT: %0 = "nn.swish"(%x) : (tensor<4xf32>) -> tensor<4xf32>
// CHECK-NEXT: "func.return"(%0) : (tensor<4xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<4xf32>):
  %0 = "nn.sigmoid"(%x) : (tensor<4xf32>) -> tensor<4xf32>
  %1 = "nn.mul"(%x, %0) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  "func.return"(%1) : (tensor<4xf32>) -> ()
}) {function_type = (tensor<4xf32>) -> tensor<4xf32>, sym_name = "main"} : () -> ()

// -----

// The factors the other way round.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<4xf32>):
// CHECK-NEXT: %0 = "nn.swish"(%x) : (tensor<4xf32>) -> tensor<4xf32>
// CHECK-NEXT: "func.return"(%0) : (tensor<4xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<4xf32>):
  %0 = "nn.sigmoid"(%x) : (tensor<4xf32>) -> tensor<4xf32>
  %1 = "nn.mul"(%0, %x) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  "func.return"(%1) : (tensor<4xf32>) -> ()
}) {function_type = (tensor<4xf32>) -> tensor<4xf32>, sym_name = "main"} : () -> ()

// -----

// The sigmoid, written out.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<4xf32>):
// CHECK-NEXT: %0 = "nn.sigmoid"(%x) : (tensor<4xf32>) -> tensor<4xf32>
// CHECK-NEXT: "func.return"(%0) : (tensor<4xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<4xf32>):
  %0 = "nn.neg"(%x) : (tensor<4xf32>) -> tensor<4xf32>
  %1 = "nn.exp"(%0) : (tensor<4xf32>) -> tensor<4xf32>
  %2 = "nn.constant"() {value = dense<1.0> : tensor<f32>} : () -> tensor<f32>
  %3 = "nn.add"(%1, %2) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %4 = "nn.reciprocal"(%3) : (tensor<4xf32>) -> tensor<4xf32>
  "func.return"(%4) : (tensor<4xf32>) -> ()
}) {function_type = (tensor<4xf32>) -> tensor<4xf32>, sym_name = "main"} : () -> ()

// -----

// Not recognized: the sigmoid of another value is a gate.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<4xf32>, %y: tensor<4xf32>):
// CHECK-NEXT: %0 = "nn.sigmoid"(%x) : (tensor<4xf32>) -> tensor<4xf32>
// CHECK-NEXT: %1 = "nn.mul"(%y, %0) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
// CHECK-NEXT: "func.return"(%1) : (tensor<4xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<4xf32>, %y: tensor<4xf32>):
  %0 = "nn.sigmoid"(%x) : (tensor<4xf32>) -> tensor<4xf32>
  %1 = "nn.mul"(%y, %0) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  "func.return"(%1) : (tensor<4xf32>) -> ()
}) {function_type = (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>, sym_name = "main"} : () -> ()

// -----

// Not recognized: the sigmoid is an output as well.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<4xf32>):
// CHECK-NEXT: %0 = "nn.sigmoid"(%x) : (tensor<4xf32>) -> tensor<4xf32>
// CHECK-NEXT: %1 = "nn.mul"(%x, %0) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
// CHECK-NEXT: "func.return"(%1, %0) : (tensor<4xf32>, tensor<4xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<4xf32>):
  %0 = "nn.sigmoid"(%x) : (tensor<4xf32>) -> tensor<4xf32>
  %1 = "nn.mul"(%x, %0) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  "func.return"(%1, %0) : (tensor<4xf32>, tensor<4xf32>) -> ()
}) {function_type = (tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>), sym_name = "main"} : () -> ()
