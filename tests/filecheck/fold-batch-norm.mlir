// RUN: nncc opt --passes=fold-batch-norm --split --no-locations --verify-numerics=random %s | filecheck %s

// Into the convolution before it. Here s = 3 / sqrt(1.25 + 1) = 2 and t = 1 - 2 * s = -3.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<1x2x8x8xf32>):
// CHECK-NEXT: %0 = "nn.constant"() {value = dense<{{\[\[\[\[}}1.0]], {{\[\[}}2.0]]], {{\[\[\[}}3.0]], {{\[\[}}4.0]]]]> : tensor<2x2x1x1xf32>} : () -> tensor<2x2x1x1xf32>
// CHECK-NEXT: %1 = "nn.constant"() {value = dense<-3.0> : tensor<2xf32>} : () -> tensor<2xf32>
// CHECK-NEXT: %2 = "nn.conv"(%x, %0, %1) : (tensor<1x2x8x8xf32>, tensor<2x2x1x1xf32>, tensor<2xf32>) -> tensor<1x2x8x8xf32>
// CHECK-NEXT: "func.return"(%2) : (tensor<1x2x8x8xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<1x2x8x8xf32>):
  %0 = "nn.constant"() {value = dense<[[[[0.5]], [[1.0]]], [[[1.5]], [[2.0]]]]> : tensor<2x2x1x1xf32>} : () -> tensor<2x2x1x1xf32>
  %1 = "nn.conv"(%x, %0) : (tensor<1x2x8x8xf32>, tensor<2x2x1x1xf32>) -> tensor<1x2x8x8xf32>
  %2 = "nn.constant"() {value = dense<3.0> : tensor<2xf32>} : () -> tensor<2xf32>
  %3 = "nn.constant"() {value = dense<1.0> : tensor<2xf32>} : () -> tensor<2xf32>
  %4 = "nn.constant"() {value = dense<2.0> : tensor<2xf32>} : () -> tensor<2xf32>
  %5 = "nn.constant"() {value = dense<1.25> : tensor<2xf32>} : () -> tensor<2xf32>
  %6 = "nn.batch_norm"(%1, %2, %3, %4, %5) {epsilon = 1.0 : f64} : (tensor<1x2x8x8xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x2x8x8xf32>
  "func.return"(%6) : (tensor<1x2x8x8xf32>) -> ()
}) {function_type = (tensor<1x2x8x8xf32>) -> tensor<1x2x8x8xf32>, sym_name = "main"} : () -> ()

// -----

// With a bias b of the convolution: b * s + t.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<1x2x8x8xf32>):
// CHECK-NEXT: %0 = "nn.constant"() {value = dense<{{\[\[\[\[}}1.0]], {{\[\[}}2.0]]], {{\[\[\[}}3.0]], {{\[\[}}4.0]]]]> : tensor<2x2x1x1xf32>} : () -> tensor<2x2x1x1xf32>
// CHECK-NEXT: %1 = "nn.constant"() {value = dense<[-1.0, 1.0]> : tensor<2xf32>} : () -> tensor<2xf32>
// CHECK-NEXT: %2 = "nn.conv"(%x, %0, %1) : (tensor<1x2x8x8xf32>, tensor<2x2x1x1xf32>, tensor<2xf32>) -> tensor<1x2x8x8xf32>
// CHECK-NEXT: "func.return"(%2) : (tensor<1x2x8x8xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<1x2x8x8xf32>):
  %0 = "nn.constant"() {value = dense<[[[[0.5]], [[1.0]]], [[[1.5]], [[2.0]]]]> : tensor<2x2x1x1xf32>} : () -> tensor<2x2x1x1xf32>
  %1 = "nn.constant"() {value = dense<[1.0, 2.0]> : tensor<2xf32>} : () -> tensor<2xf32>
  %2 = "nn.conv"(%x, %0, %1) : (tensor<1x2x8x8xf32>, tensor<2x2x1x1xf32>, tensor<2xf32>) -> tensor<1x2x8x8xf32>
  %3 = "nn.constant"() {value = dense<3.0> : tensor<2xf32>} : () -> tensor<2xf32>
  %4 = "nn.constant"() {value = dense<1.0> : tensor<2xf32>} : () -> tensor<2xf32>
  %5 = "nn.constant"() {value = dense<2.0> : tensor<2xf32>} : () -> tensor<2xf32>
  %6 = "nn.constant"() {value = dense<1.25> : tensor<2xf32>} : () -> tensor<2xf32>
  %7 = "nn.batch_norm"(%2, %3, %4, %5, %6) {epsilon = 1.0 : f64} : (tensor<1x2x8x8xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x2x8x8xf32>
  "func.return"(%7) : (tensor<1x2x8x8xf32>) -> ()
}) {function_type = (tensor<1x2x8x8xf32>) -> tensor<1x2x8x8xf32>, sym_name = "main"} : () -> ()

// -----

// Into the affine before it.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<1x2xf32>):
// CHECK-NEXT: %0 = "nn.constant"() {value = dense<{{\[\[}}1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>} : () -> tensor<2x2xf32>
// CHECK-NEXT: %1 = "nn.constant"() {value = dense<-3.0> : tensor<2xf32>} : () -> tensor<2xf32>
// CHECK-NEXT: %2 = "nn.affine"(%x, %0, %1) : (tensor<1x2xf32>, tensor<2x2xf32>, tensor<2xf32>) -> tensor<1x2xf32>
// CHECK-NEXT: "func.return"(%2) : (tensor<1x2xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<1x2xf32>):
  %0 = "nn.constant"() {value = dense<[[0.5, 1.0], [1.5, 2.0]]> : tensor<2x2xf32>} : () -> tensor<2x2xf32>
  %1 = "nn.affine"(%x, %0) : (tensor<1x2xf32>, tensor<2x2xf32>) -> tensor<1x2xf32>
  %2 = "nn.constant"() {value = dense<3.0> : tensor<2xf32>} : () -> tensor<2xf32>
  %3 = "nn.constant"() {value = dense<1.0> : tensor<2xf32>} : () -> tensor<2xf32>
  %4 = "nn.constant"() {value = dense<2.0> : tensor<2xf32>} : () -> tensor<2xf32>
  %5 = "nn.constant"() {value = dense<1.25> : tensor<2xf32>} : () -> tensor<2xf32>
  %6 = "nn.batch_norm"(%1, %2, %3, %4, %5) {epsilon = 1.0 : f64} : (tensor<1x2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x2xf32>
  "func.return"(%6) : (tensor<1x2xf32>) -> ()
}) {function_type = (tensor<1x2xf32>) -> tensor<1x2xf32>, sym_name = "main"} : () -> ()

// -----

// Into the convolution behind it, where padding adds no zeros.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<1x2x8x8xf32>):
// CHECK-NEXT: %0 = "nn.constant"() {value = dense<{{\[\[\[\[}}1.0]], {{\[\[}}2.0]]], {{\[\[\[}}3.0]], {{\[\[}}4.0]]]]> : tensor<2x2x1x1xf32>} : () -> tensor<2x2x1x1xf32>
// CHECK-NEXT: %1 = "nn.constant"() {value = dense<[-4.5, -10.5]> : tensor<2xf32>} : () -> tensor<2xf32>
// CHECK-NEXT: %2 = "nn.conv"(%x, %0, %1) : (tensor<1x2x8x8xf32>, tensor<2x2x1x1xf32>, tensor<2xf32>) -> tensor<1x2x8x8xf32>
// CHECK-NEXT: "func.return"(%2) : (tensor<1x2x8x8xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<1x2x8x8xf32>):
  %0 = "nn.constant"() {value = dense<3.0> : tensor<2xf32>} : () -> tensor<2xf32>
  %1 = "nn.constant"() {value = dense<1.0> : tensor<2xf32>} : () -> tensor<2xf32>
  %2 = "nn.constant"() {value = dense<2.0> : tensor<2xf32>} : () -> tensor<2xf32>
  %3 = "nn.constant"() {value = dense<1.25> : tensor<2xf32>} : () -> tensor<2xf32>
  %4 = "nn.batch_norm"(%x, %0, %1, %2, %3) {epsilon = 1.0 : f64} : (tensor<1x2x8x8xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x2x8x8xf32>
  %5 = "nn.constant"() {value = dense<[[[[0.5]], [[1.0]]], [[[1.5]], [[2.0]]]]> : tensor<2x2x1x1xf32>} : () -> tensor<2x2x1x1xf32>
  %6 = "nn.conv"(%4, %5) : (tensor<1x2x8x8xf32>, tensor<2x2x1x1xf32>) -> tensor<1x2x8x8xf32>
  "func.return"(%6) : (tensor<1x2x8x8xf32>) -> ()
}) {function_type = (tensor<1x2x8x8xf32>) -> tensor<1x2x8x8xf32>, sym_name = "main"} : () -> ()

// -----

// The scale goes into the convolution behind it, the shift does not: at the border, zeros are padded and not t.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<1x2x8x8xf32>):
// CHECK-NEXT: %0 = "nn.constant"() {value = dense<-1.5> : tensor<1x2x1x1xf32>} : () -> tensor<1x2x1x1xf32>
// CHECK-NEXT: %1 = "nn.add"(%x, %0) : (tensor<1x2x8x8xf32>, tensor<1x2x1x1xf32>) -> tensor<1x2x8x8xf32>
// CHECK-NEXT: %2 = "nn.constant"() {value = dense_resource<folded> : tensor<1x2x3x3xf32>} : () -> tensor<1x2x3x3xf32>
// CHECK-NEXT: %3 = "nn.conv"(%1, %2) {pads = array<i64: 1, 1, 1, 1>} : (tensor<1x2x8x8xf32>, tensor<1x2x3x3xf32>) -> tensor<1x1x8x8xf32>
// CHECK-NEXT: "func.return"(%3) : (tensor<1x1x8x8xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<1x2x8x8xf32>):
  %0 = "nn.constant"() {value = dense<3.0> : tensor<2xf32>} : () -> tensor<2xf32>
  %1 = "nn.constant"() {value = dense<1.0> : tensor<2xf32>} : () -> tensor<2xf32>
  %2 = "nn.constant"() {value = dense<2.0> : tensor<2xf32>} : () -> tensor<2xf32>
  %3 = "nn.constant"() {value = dense<1.25> : tensor<2xf32>} : () -> tensor<2xf32>
  %4 = "nn.batch_norm"(%x, %0, %1, %2, %3) {epsilon = 1.0 : f64} : (tensor<1x2x8x8xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x2x8x8xf32>
  %5 = "nn.constant"() {value = dense<0.5> : tensor<1x2x3x3xf32>} : () -> tensor<1x2x3x3xf32>
  %6 = "nn.conv"(%4, %5) {pads = array<i64: 1, 1, 1, 1>} : (tensor<1x2x8x8xf32>, tensor<1x2x3x3xf32>) -> tensor<1x1x8x8xf32>
  "func.return"(%6) : (tensor<1x1x8x8xf32>) -> ()
}) {function_type = (tensor<1x2x8x8xf32>) -> tensor<1x1x8x8xf32>, sym_name = "main"} : () -> ()

// -----

// Nothing near takes it up: a multiplication and an addition.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<1x2x8x8xf32>):
// CHECK-NEXT: %0 = "nn.constant"() {value = dense<2.0> : tensor<1x2x1x1xf32>} : () -> tensor<1x2x1x1xf32>
// CHECK-NEXT: %1 = "nn.mul"(%x, %0) : (tensor<1x2x8x8xf32>, tensor<1x2x1x1xf32>) -> tensor<1x2x8x8xf32>
// CHECK-NEXT: %2 = "nn.constant"() {value = dense<-3.0> : tensor<1x2x1x1xf32>} : () -> tensor<1x2x1x1xf32>
// CHECK-NEXT: %3 = "nn.add"(%1, %2) : (tensor<1x2x8x8xf32>, tensor<1x2x1x1xf32>) -> tensor<1x2x8x8xf32>
// CHECK-NEXT: %4 = "nn.exp"(%3) : (tensor<1x2x8x8xf32>) -> tensor<1x2x8x8xf32>
// CHECK-NEXT: "func.return"(%4) : (tensor<1x2x8x8xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<1x2x8x8xf32>):
  %0 = "nn.constant"() {value = dense<3.0> : tensor<2xf32>} : () -> tensor<2xf32>
  %1 = "nn.constant"() {value = dense<1.0> : tensor<2xf32>} : () -> tensor<2xf32>
  %2 = "nn.constant"() {value = dense<2.0> : tensor<2xf32>} : () -> tensor<2xf32>
  %3 = "nn.constant"() {value = dense<1.25> : tensor<2xf32>} : () -> tensor<2xf32>
  %4 = "nn.batch_norm"(%x, %0, %1, %2, %3) {epsilon = 1.0 : f64} : (tensor<1x2x8x8xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x2x8x8xf32>
  %5 = "nn.exp"(%4) : (tensor<1x2x8x8xf32>) -> tensor<1x2x8x8xf32>
  "func.return"(%5) : (tensor<1x2x8x8xf32>) -> ()
}) {function_type = (tensor<1x2x8x8xf32>) -> tensor<1x2x8x8xf32>, sym_name = "main"} : () -> ()

// -----

// The convolution's result is used elsewhere: its weights must stay.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<1x2x8x8xf32>):
// CHECK-NEXT: %0 = "nn.constant"() {value = dense<{{\[\[\[\[}}0.5]], {{\[\[}}1.0]]], {{\[\[\[}}1.5]], {{\[\[}}2.0]]]]> : tensor<2x2x1x1xf32>} : () -> tensor<2x2x1x1xf32>
// CHECK-NEXT: %1 = "nn.conv"(%x, %0) : (tensor<1x2x8x8xf32>, tensor<2x2x1x1xf32>) -> tensor<1x2x8x8xf32>
// CHECK-NEXT: %2 = "nn.constant"() {value = dense<2.0> : tensor<1x2x1x1xf32>} : () -> tensor<1x2x1x1xf32>
// CHECK-NEXT: %3 = "nn.mul"(%1, %2) : (tensor<1x2x8x8xf32>, tensor<1x2x1x1xf32>) -> tensor<1x2x8x8xf32>
// CHECK-NEXT: %4 = "nn.constant"() {value = dense<-3.0> : tensor<1x2x1x1xf32>} : () -> tensor<1x2x1x1xf32>
// CHECK-NEXT: %5 = "nn.add"(%3, %4) : (tensor<1x2x8x8xf32>, tensor<1x2x1x1xf32>) -> tensor<1x2x8x8xf32>
// CHECK-NEXT: %6 = "nn.exp"(%1) : (tensor<1x2x8x8xf32>) -> tensor<1x2x8x8xf32>
// CHECK-NEXT: "func.return"(%5, %6) : (tensor<1x2x8x8xf32>, tensor<1x2x8x8xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<1x2x8x8xf32>):
  %0 = "nn.constant"() {value = dense<[[[[0.5]], [[1.0]]], [[[1.5]], [[2.0]]]]> : tensor<2x2x1x1xf32>} : () -> tensor<2x2x1x1xf32>
  %1 = "nn.conv"(%x, %0) : (tensor<1x2x8x8xf32>, tensor<2x2x1x1xf32>) -> tensor<1x2x8x8xf32>
  %2 = "nn.constant"() {value = dense<3.0> : tensor<2xf32>} : () -> tensor<2xf32>
  %3 = "nn.constant"() {value = dense<1.0> : tensor<2xf32>} : () -> tensor<2xf32>
  %4 = "nn.constant"() {value = dense<2.0> : tensor<2xf32>} : () -> tensor<2xf32>
  %5 = "nn.constant"() {value = dense<1.25> : tensor<2xf32>} : () -> tensor<2xf32>
  %6 = "nn.batch_norm"(%1, %2, %3, %4, %5) {epsilon = 1.0 : f64} : (tensor<1x2x8x8xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x2x8x8xf32>
  %7 = "nn.exp"(%1) : (tensor<1x2x8x8xf32>) -> tensor<1x2x8x8xf32>
  "func.return"(%6, %7) : (tensor<1x2x8x8xf32>, tensor<1x2x8x8xf32>) -> ()
}) {function_type = (tensor<1x2x8x8xf32>) -> (tensor<1x2x8x8xf32>, tensor<1x2x8x8xf32>), sym_name = "main"} : () -> ()
