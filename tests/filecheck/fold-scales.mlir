// RUN: nncc opt --passes=fold-scales --split --no-locations --verify-numerics=random %s | filecheck %s

// A multiplication before a convolution and an addition behind it.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<1x1x8x8xf32>):
// CHECK-NEXT: %0 = "nn.constant"() {value = dense<{{\[\[\[\[}}2.0]]], {{\[\[\[}}4.0]]], {{\[\[\[}}6.0]]], {{\[\[\[}}8.0]]]]> : tensor<4x1x1x1xf32>} : () -> tensor<4x1x1x1xf32>
// CHECK-NEXT: %1 = "nn.constant"() {value = dense<[11.0, 22.0, 33.0, 44.0]> : tensor<4xf32>} : () -> tensor<4xf32>
// CHECK-NEXT: %2 = "nn.conv"(%x, %0, %1) : (tensor<1x1x8x8xf32>, tensor<4x1x1x1xf32>, tensor<4xf32>) -> tensor<1x4x8x8xf32>
// CHECK-NEXT: "func.return"(%2) : (tensor<1x4x8x8xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<1x1x8x8xf32>):
  %0 = "nn.constant"() {value = dense<2.0> : tensor<f32>} : () -> tensor<f32>
  %1 = "nn.mul"(%x, %0) : (tensor<1x1x8x8xf32>, tensor<f32>) -> tensor<1x1x8x8xf32>
  %2 = "nn.constant"() {value = dense<[[[[1.0]]], [[[2.0]]], [[[3.0]]], [[[4.0]]]]> : tensor<4x1x1x1xf32>} : () -> tensor<4x1x1x1xf32>
  %3 = "nn.constant"() {value = dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>} : () -> tensor<4xf32>
  %4 = "nn.conv"(%1, %2, %3) : (tensor<1x1x8x8xf32>, tensor<4x1x1x1xf32>, tensor<4xf32>) -> tensor<1x4x8x8xf32>
  %5 = "nn.constant"() {value = dense<[[[10.0]], [[20.0]], [[30.0]], [[40.0]]]> : tensor<4x1x1xf32>} : () -> tensor<4x1x1xf32>
  %6 = "nn.add"(%4, %5) : (tensor<1x4x8x8xf32>, tensor<4x1x1xf32>) -> tensor<1x4x8x8xf32>
  "func.return"(%6) : (tensor<1x4x8x8xf32>) -> ()
}) {function_type = (tensor<1x1x8x8xf32>) -> tensor<1x4x8x8xf32>, sym_name = "main"} : () -> ()

// -----

// One number for each output channel.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<1x1x8x8xf32>):
// CHECK-NEXT: %0 = "nn.constant"() {value = dense<{{\[\[\[\[}}1.0]]], {{\[\[\[}}1.0]]], {{\[\[\[}}6.0]]], {{\[\[\[}}12.0]]]]> : tensor<4x1x1x1xf32>} : () -> tensor<4x1x1x1xf32>
// CHECK-NEXT: %1 = "nn.conv"(%x, %0) : (tensor<1x1x8x8xf32>, tensor<4x1x1x1xf32>) -> tensor<1x4x8x8xf32>
// CHECK-NEXT: "func.return"(%1) : (tensor<1x4x8x8xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<1x1x8x8xf32>):
  %0 = "nn.constant"() {value = dense<[[[[1.0]]], [[[2.0]]], [[[3.0]]], [[[4.0]]]]> : tensor<4x1x1x1xf32>} : () -> tensor<4x1x1x1xf32>
  %1 = "nn.conv"(%x, %0) : (tensor<1x1x8x8xf32>, tensor<4x1x1x1xf32>) -> tensor<1x4x8x8xf32>
  %2 = "nn.constant"() {value = dense<[[[1.0]], [[0.5]], [[2.0]], [[3.0]]]> : tensor<4x1x1xf32>} : () -> tensor<4x1x1xf32>
  %3 = "nn.mul"(%1, %2) : (tensor<1x4x8x8xf32>, tensor<4x1x1xf32>) -> tensor<1x4x8x8xf32>
  "func.return"(%3) : (tensor<1x4x8x8xf32>) -> ()
}) {function_type = (tensor<1x1x8x8xf32>) -> tensor<1x4x8x8xf32>, sym_name = "main"} : () -> ()

// -----

// A positive scale moves over a relu.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<1x2xf32>):
// CHECK-NEXT: %0 = "nn.constant"() {value = dense<{{\[\[}}2.0, 4.0], [6.0, 8.0]]> : tensor<2x2xf32>} : () -> tensor<2x2xf32>
// CHECK-NEXT: %1 = "nn.affine"(%x, %0) : (tensor<1x2xf32>, tensor<2x2xf32>) -> tensor<1x2xf32>
// CHECK-NEXT: %2 = "nn.relu"(%1) : (tensor<1x2xf32>) -> tensor<1x2xf32>
// CHECK-NEXT: "func.return"(%2) : (tensor<1x2xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<1x2xf32>):
  %0 = "nn.constant"() {value = dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>} : () -> tensor<2x2xf32>
  %1 = "nn.affine"(%x, %0) : (tensor<1x2xf32>, tensor<2x2xf32>) -> tensor<1x2xf32>
  %2 = "nn.relu"(%1) : (tensor<1x2xf32>) -> tensor<1x2xf32>
  %3 = "nn.constant"() {value = dense<2.0> : tensor<f32>} : () -> tensor<f32>
  %4 = "nn.mul"(%2, %3) : (tensor<1x2xf32>, tensor<f32>) -> tensor<1x2xf32>
  "func.return"(%4) : (tensor<1x2xf32>) -> ()
}) {function_type = (tensor<1x2xf32>) -> tensor<1x2xf32>, sym_name = "main"} : () -> ()

// -----

// Not folded: a negative number would turn the relu round.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<1x2xf32>):
// CHECK-NEXT: %0 = "nn.constant"() {value = dense<{{\[\[}}1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>} : () -> tensor<2x2xf32>
// CHECK-NEXT: %1 = "nn.affine"(%x, %0) : (tensor<1x2xf32>, tensor<2x2xf32>) -> tensor<1x2xf32>
// CHECK-NEXT: %2 = "nn.relu"(%1) : (tensor<1x2xf32>) -> tensor<1x2xf32>
// CHECK-NEXT: %3 = "nn.constant"() {value = dense<-2.0> : tensor<f32>} : () -> tensor<f32>
// CHECK-NEXT: %4 = "nn.mul"(%2, %3) : (tensor<1x2xf32>, tensor<f32>) -> tensor<1x2xf32>
// CHECK-NEXT: "func.return"(%4) : (tensor<1x2xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<1x2xf32>):
  %0 = "nn.constant"() {value = dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>} : () -> tensor<2x2xf32>
  %1 = "nn.affine"(%x, %0) : (tensor<1x2xf32>, tensor<2x2xf32>) -> tensor<1x2xf32>
  %2 = "nn.relu"(%1) : (tensor<1x2xf32>) -> tensor<1x2xf32>
  %3 = "nn.constant"() {value = dense<-2.0> : tensor<f32>} : () -> tensor<f32>
  %4 = "nn.mul"(%2, %3) : (tensor<1x2xf32>, tensor<f32>) -> tensor<1x2xf32>
  "func.return"(%4) : (tensor<1x2xf32>) -> ()
}) {function_type = (tensor<1x2xf32>) -> tensor<1x2xf32>, sym_name = "main"} : () -> ()

// -----

// Not folded: the factors differ within a channel.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<1x1x2x2xf32>):
// CHECK-NEXT: %0 = "nn.constant"() {value = dense<{{\[\[\[\[}}1.0]]], {{\[\[\[}}2.0]]]]> : tensor<2x1x1x1xf32>} : () -> tensor<2x1x1x1xf32>
// CHECK-NEXT: %1 = "nn.conv"(%x, %0) : (tensor<1x1x2x2xf32>, tensor<2x1x1x1xf32>) -> tensor<1x2x2x2xf32>
// CHECK-NEXT: %2 = "nn.constant"() {value = dense<{{\[\[}}1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>} : () -> tensor<2x2xf32>
// CHECK-NEXT: %3 = "nn.mul"(%1, %2) : (tensor<1x2x2x2xf32>, tensor<2x2xf32>) -> tensor<1x2x2x2xf32>
// CHECK-NEXT: "func.return"(%3) : (tensor<1x2x2x2xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<1x1x2x2xf32>):
  %0 = "nn.constant"() {value = dense<[[[[1.0]]], [[[2.0]]]]> : tensor<2x1x1x1xf32>} : () -> tensor<2x1x1x1xf32>
  %1 = "nn.conv"(%x, %0) : (tensor<1x1x2x2xf32>, tensor<2x1x1x1xf32>) -> tensor<1x2x2x2xf32>
  %2 = "nn.constant"() {value = dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>} : () -> tensor<2x2xf32>
  %3 = "nn.mul"(%1, %2) : (tensor<1x2x2x2xf32>, tensor<2x2xf32>) -> tensor<1x2x2x2xf32>
  "func.return"(%3) : (tensor<1x2x2x2xf32>) -> ()
}) {function_type = (tensor<1x1x2x2xf32>) -> tensor<1x2x2x2xf32>, sym_name = "main"} : () -> ()

// -----

// Not folded: the weights are no constants.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<1x2xf32>, %w: tensor<2x2xf32>):
// CHECK-NEXT: %0 = "nn.affine"(%x, %w) : (tensor<1x2xf32>, tensor<2x2xf32>) -> tensor<1x2xf32>
// CHECK-NEXT: %1 = "nn.constant"() {value = dense<2.0> : tensor<f32>} : () -> tensor<f32>
// CHECK-NEXT: %2 = "nn.mul"(%0, %1) : (tensor<1x2xf32>, tensor<f32>) -> tensor<1x2xf32>
// CHECK-NEXT: "func.return"(%2) : (tensor<1x2xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<1x2xf32>, %w: tensor<2x2xf32>):
  %0 = "nn.affine"(%x, %w) : (tensor<1x2xf32>, tensor<2x2xf32>) -> tensor<1x2xf32>
  %1 = "nn.constant"() {value = dense<2.0> : tensor<f32>} : () -> tensor<f32>
  %2 = "nn.mul"(%0, %1) : (tensor<1x2xf32>, tensor<f32>) -> tensor<1x2xf32>
  "func.return"(%2) : (tensor<1x2xf32>) -> ()
}) {function_type = (tensor<1x2xf32>, tensor<2x2xf32>) -> tensor<1x2xf32>, sym_name = "main"} : () -> ()

// -----

// A scale moves past an addition of t as t / s.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<1x2xf32>):
// CHECK-NEXT: %0 = "nn.constant"() {value = dense<{{\[\[}}2.0, 4.0], [6.0, 8.0]]> : tensor<2x2xf32>} : () -> tensor<2x2xf32>
// CHECK-NEXT: %1 = "nn.constant"() {value = dense<[23.0, 34.0]> : tensor<2xf32>} : () -> tensor<2xf32>
// CHECK-NEXT: %2 = "nn.affine"(%x, %0, %1) : (tensor<1x2xf32>, tensor<2x2xf32>, tensor<2xf32>) -> tensor<1x2xf32>
// CHECK-NEXT: "func.return"(%2) : (tensor<1x2xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<1x2xf32>):
  %0 = "nn.constant"() {value = dense<2.0> : tensor<f32>} : () -> tensor<f32>
  %1 = "nn.mul"(%x, %0) : (tensor<1x2xf32>, tensor<f32>) -> tensor<1x2xf32>
  %2 = "nn.constant"() {value = dense<[5.0, 6.0]> : tensor<2xf32>} : () -> tensor<2xf32>
  %3 = "nn.add"(%1, %2) : (tensor<1x2xf32>, tensor<2xf32>) -> tensor<1x2xf32>
  %4 = "nn.constant"() {value = dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>} : () -> tensor<2x2xf32>
  %5 = "nn.affine"(%3, %4) : (tensor<1x2xf32>, tensor<2x2xf32>) -> tensor<1x2xf32>
  "func.return"(%5) : (tensor<1x2xf32>) -> ()
}) {function_type = (tensor<1x2xf32>) -> tensor<1x2xf32>, sym_name = "main"} : () -> ()

// -----

// Where s is 0 the addition itself goes into the bias: t / 0 is no number.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<1x2xf32>):
// CHECK-NEXT: %0 = "nn.constant"() {value = dense<[23.0, 34.0]> : tensor<2xf32>} : () -> tensor<2xf32>
// CHECK-NEXT: %1 = "nn.constant"() {value = dense<0.0> : tensor<2x2xf32>} : () -> tensor<2x2xf32>
// CHECK-NEXT: %2 = "nn.affine"(%x, %1, %0) : (tensor<1x2xf32>, tensor<2x2xf32>, tensor<2xf32>) -> tensor<1x2xf32>
// CHECK-NEXT: "func.return"(%2) : (tensor<1x2xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<1x2xf32>):
  %0 = "nn.constant"() {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
  %1 = "nn.mul"(%x, %0) : (tensor<1x2xf32>, tensor<f32>) -> tensor<1x2xf32>
  %2 = "nn.constant"() {value = dense<[5.0, 6.0]> : tensor<2xf32>} : () -> tensor<2xf32>
  %3 = "nn.add"(%1, %2) : (tensor<1x2xf32>, tensor<2xf32>) -> tensor<1x2xf32>
  %4 = "nn.constant"() {value = dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>} : () -> tensor<2x2xf32>
  %5 = "nn.affine"(%3, %4) : (tensor<1x2xf32>, tensor<2x2xf32>) -> tensor<1x2xf32>
  "func.return"(%5) : (tensor<1x2xf32>) -> ()
}) {function_type = (tensor<1x2xf32>) -> tensor<1x2xf32>, sym_name = "main"} : () -> ()
