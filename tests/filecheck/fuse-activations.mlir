// RUN: nncc opt --passes=fuse-activations --split --no-locations --verify-numerics=random %s | filecheck %s

// A relu moves over a pooling, which picks one of its inputs, into the convolution before it.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x3x3xf32>):
// CHECK-NEXT: %0 = "nn.conv"(%x, %w) {activation = "relu"} : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x6x6xf32>
// CHECK-NEXT: %1 = "nn.max_pool"(%0) {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>} : (tensor<1x4x6x6xf32>) -> tensor<1x4x3x3xf32>
// CHECK-NEXT: "func.return"(%1) : (tensor<1x4x3x3xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x3x3xf32>):
  %0 = "nn.conv"(%x, %w) : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x6x6xf32>
  %1 = "nn.max_pool"(%0) {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>} : (tensor<1x4x6x6xf32>) -> tensor<1x4x3x3xf32>
  %2 = "nn.relu"(%1) : (tensor<1x4x3x3xf32>) -> tensor<1x4x3x3xf32>
  "func.return"(%2) : (tensor<1x4x3x3xf32>) -> ()
}) {function_type = (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x3x3xf32>, sym_name = "main"} : () -> ()

// -----

// A clip to 0 .. 6 is relu6.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<1x4xf32>, %y: tensor<1x4xf32>):
// CHECK-NEXT: %0 = "nn.add"(%x, %y) {activation = "relu6"} : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x4xf32>
// CHECK-NEXT: "func.return"(%0) : (tensor<1x4xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<1x4xf32>, %y: tensor<1x4xf32>):
  %0 = "nn.add"(%x, %y) : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x4xf32>
  %1 = "nn.clip"(%0) {min = 0.0 : f64, max = 6.0 : f64} : (tensor<1x4xf32>) -> tensor<1x4xf32>
  "func.return"(%1) : (tensor<1x4xf32>) -> ()
}) {function_type = (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x4xf32>, sym_name = "main"} : () -> ()

// -----

// A clip to -1 .. 1 is relu_n1_to_1.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<1x4xf32>, %w: tensor<4x2xf32>):
// CHECK-NEXT: %0 = "nn.affine"(%x, %w) {activation = "relu_n1_to_1"} : (tensor<1x4xf32>, tensor<4x2xf32>) -> tensor<1x2xf32>
// CHECK-NEXT: "func.return"(%0) : (tensor<1x2xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<1x4xf32>, %w: tensor<4x2xf32>):
  %0 = "nn.affine"(%x, %w) : (tensor<1x4xf32>, tensor<4x2xf32>) -> tensor<1x2xf32>
  %1 = "nn.clip"(%0) {min = -1.0 : f64, max = 1.0 : f64} : (tensor<1x2xf32>) -> tensor<1x2xf32>
  "func.return"(%1) : (tensor<1x2xf32>) -> ()
}) {function_type = (tensor<1x4xf32>, tensor<4x2xf32>) -> tensor<1x2xf32>, sym_name = "main"} : () -> ()

// -----

// A second activation may be narrower than the first: relu, then relu6.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<1x4xf32>, %y: tensor<1x4xf32>):
// CHECK-NEXT: %0 = "nn.add"(%x, %y) {activation = "relu6"} : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x4xf32>
// CHECK-NEXT: "func.return"(%0) : (tensor<1x4xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<1x4xf32>, %y: tensor<1x4xf32>):
  %0 = "nn.add"(%x, %y) {activation = "relu"} : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x4xf32>
  %1 = "nn.clip"(%0) {min = 0.0 : f64, max = 6.0 : f64} : (tensor<1x4xf32>) -> tensor<1x4xf32>
  "func.return"(%1) : (tensor<1x4xf32>) -> ()
}) {function_type = (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x4xf32>, sym_name = "main"} : () -> ()

// -----

// Not fused: no activation clips to 0 .. 5.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<1x4xf32>, %y: tensor<1x4xf32>):
// CHECK-NEXT: %0 = "nn.add"(%x, %y) : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x4xf32>
// CHECK-NEXT: %1 = "nn.clip"(%0) {min = 0.0 : f64, max = 5.0 : f64} : (tensor<1x4xf32>) -> tensor<1x4xf32>
// CHECK-NEXT: "func.return"(%1) : (tensor<1x4xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<1x4xf32>, %y: tensor<1x4xf32>):
  %0 = "nn.add"(%x, %y) : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x4xf32>
  %1 = "nn.clip"(%0) {min = 0.0 : f64, max = 5.0 : f64} : (tensor<1x4xf32>) -> tensor<1x4xf32>
  "func.return"(%1) : (tensor<1x4xf32>) -> ()
}) {function_type = (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x4xf32>, sym_name = "main"} : () -> ()

// -----

// Not fused: the sum has another user, which needs it without the activation.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<1x4xf32>, %y: tensor<1x4xf32>):
// CHECK-NEXT: %0 = "nn.add"(%x, %y) : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x4xf32>
// CHECK-NEXT: %1 = "nn.relu"(%0) : (tensor<1x4xf32>) -> tensor<1x4xf32>
// CHECK-NEXT: %2 = "nn.exp"(%0) : (tensor<1x4xf32>) -> tensor<1x4xf32>
// CHECK-NEXT: "func.return"(%1, %2) : (tensor<1x4xf32>, tensor<1x4xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<1x4xf32>, %y: tensor<1x4xf32>):
  %0 = "nn.add"(%x, %y) : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x4xf32>
  %1 = "nn.relu"(%0) : (tensor<1x4xf32>) -> tensor<1x4xf32>
  %2 = "nn.exp"(%0) : (tensor<1x4xf32>) -> tensor<1x4xf32>
  "func.return"(%1, %2) : (tensor<1x4xf32>, tensor<1x4xf32>) -> ()
}) {function_type = (tensor<1x4xf32>, tensor<1x4xf32>) -> (tensor<1x4xf32>, tensor<1x4xf32>), sym_name = "main"} : () -> ()

// -----

// Not fused: a softmax has no activation.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<1x4xf32>):
// CHECK-NEXT: %0 = "nn.softmax"(%x) {axis = 1 : i64} : (tensor<1x4xf32>) -> tensor<1x4xf32>
// CHECK-NEXT: %1 = "nn.relu"(%0) : (tensor<1x4xf32>) -> tensor<1x4xf32>
// CHECK-NEXT: "func.return"(%1) : (tensor<1x4xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<1x4xf32>):
  %0 = "nn.softmax"(%x) {axis = 1 : i64} : (tensor<1x4xf32>) -> tensor<1x4xf32>
  %1 = "nn.relu"(%0) : (tensor<1x4xf32>) -> tensor<1x4xf32>
  "func.return"(%1) : (tensor<1x4xf32>) -> ()
}) {function_type = (tensor<1x4xf32>) -> tensor<1x4xf32>, sym_name = "main"} : () -> ()
