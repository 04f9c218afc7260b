// RUN: nncc opt '--passes=equalize-channels{strength=1,shift=false}' --split --no-locations --verify-numerics=random %s | filecheck %s

// The second channel's range is 8 times that of the first: the first is multiplied by 8, and the weights that read
// it are divided by 8.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<512x1xf32>):
// CHECK-NEXT: %0 = "nn.constant"() {value = dense<8.0> : tensor<1x2xf32>} : () -> tensor<1x2xf32>
// CHECK-NEXT: %1 = "nn.affine"(%x, %0) : (tensor<512x1xf32>, tensor<1x2xf32>) -> tensor<512x2xf32>
// CHECK-NEXT: %2 = "nn.relu"(%1) : (tensor<512x2xf32>) -> tensor<512x2xf32>
// CHECK-NEXT: %3 = "nn.constant"() {value = dense<{{\[\[}}0.25, 0.375], [4.0, 5.0]]> : tensor<2x2xf32>} : () -> tensor<2x2xf32>
// CHECK-NEXT: %4 = "nn.affine"(%2, %3) : (tensor<512x2xf32>, tensor<2x2xf32>) -> tensor<512x2xf32>
// CHECK-NEXT: "func.return"(%4) : (tensor<512x2xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<512x1xf32>):
  %0 = "nn.constant"() {value = dense<[[1.0, 8.0]]> : tensor<1x2xf32>} : () -> tensor<1x2xf32>
  %1 = "nn.affine"(%x, %0) : (tensor<512x1xf32>, tensor<1x2xf32>) -> tensor<512x2xf32>
  %2 = "nn.relu"(%1) : (tensor<512x2xf32>) -> tensor<512x2xf32>
  %3 = "nn.constant"() {value = dense<[[2.0, 3.0], [4.0, 5.0]]> : tensor<2x2xf32>} : () -> tensor<2x2xf32>
  %4 = "nn.affine"(%2, %3) : (tensor<512x2xf32>, tensor<2x2xf32>) -> tensor<512x2xf32>
  "func.return"(%4) : (tensor<512x2xf32>) -> ()
}) {function_type = (tensor<512x1xf32>) -> tensor<512x2xf32>, sym_name = "main"} : () -> ()

// -----

// Not equalized: an exponential function does not pass scales on.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<512x1xf32>):
// CHECK-NEXT: %0 = "nn.constant"() {value = dense<{{\[\[}}1.0, 4.0]]> : tensor<1x2xf32>} : () -> tensor<1x2xf32>
// CHECK-NEXT: %1 = "nn.affine"(%x, %0) : (tensor<512x1xf32>, tensor<1x2xf32>) -> tensor<512x2xf32>
// CHECK-NEXT: %2 = "nn.exp"(%1) : (tensor<512x2xf32>) -> tensor<512x2xf32>
// CHECK-NEXT: %3 = "nn.constant"() {value = dense<{{\[\[}}2.0, 3.0], [4.0, 5.0]]> : tensor<2x2xf32>} : () -> tensor<2x2xf32>
// CHECK-NEXT: %4 = "nn.affine"(%2, %3) : (tensor<512x2xf32>, tensor<2x2xf32>) -> tensor<512x2xf32>
// CHECK-NEXT: "func.return"(%4) : (tensor<512x2xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<512x1xf32>):
  %0 = "nn.constant"() {value = dense<[[1.0, 4.0]]> : tensor<1x2xf32>} : () -> tensor<1x2xf32>
  %1 = "nn.affine"(%x, %0) : (tensor<512x1xf32>, tensor<1x2xf32>) -> tensor<512x2xf32>
  %2 = "nn.exp"(%1) : (tensor<512x2xf32>) -> tensor<512x2xf32>
  %3 = "nn.constant"() {value = dense<[[2.0, 3.0], [4.0, 5.0]]> : tensor<2x2xf32>} : () -> tensor<2x2xf32>
  %4 = "nn.affine"(%2, %3) : (tensor<512x2xf32>, tensor<2x2xf32>) -> tensor<512x2xf32>
  "func.return"(%4) : (tensor<512x2xf32>) -> ()
}) {function_type = (tensor<512x1xf32>) -> tensor<512x2xf32>, sym_name = "main"} : () -> ()

// -----

// Not equalized: the values are an output of the model.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<512x1xf32>):
// CHECK-NEXT: %0 = "nn.constant"() {value = dense<{{\[\[}}1.0, 8.0]]> : tensor<1x2xf32>} : () -> tensor<1x2xf32>
// CHECK-NEXT: %1 = "nn.affine"(%x, %0) : (tensor<512x1xf32>, tensor<1x2xf32>) -> tensor<512x2xf32>
// CHECK-NEXT: "func.return"(%1) : (tensor<512x2xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<512x1xf32>):
  %0 = "nn.constant"() {value = dense<[[1.0, 8.0]]> : tensor<1x2xf32>} : () -> tensor<1x2xf32>
  %1 = "nn.affine"(%x, %0) : (tensor<512x1xf32>, tensor<1x2xf32>) -> tensor<512x2xf32>
  "func.return"(%1) : (tensor<512x2xf32>) -> ()
}) {function_type = (tensor<512x1xf32>) -> tensor<512x2xf32>, sym_name = "main"} : () -> ()

// -----

// Not equalized: fewer than 256 numbers of each channel were seen, and say little of their range.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<1x1xf32>):
// CHECK-NEXT: %0 = "nn.constant"() {value = dense<{{\[\[}}1.0, 8.0]]> : tensor<1x2xf32>} : () -> tensor<1x2xf32>
// CHECK-NEXT: %1 = "nn.affine"(%x, %0) : (tensor<1x1xf32>, tensor<1x2xf32>) -> tensor<1x2xf32>
// CHECK-NEXT: %2 = "nn.relu"(%1) : (tensor<1x2xf32>) -> tensor<1x2xf32>
// CHECK-NEXT: %3 = "nn.constant"() {value = dense<{{\[\[}}2.0, 3.0], [4.0, 5.0]]> : tensor<2x2xf32>} : () -> tensor<2x2xf32>
// CHECK-NEXT: %4 = "nn.affine"(%2, %3) : (tensor<1x2xf32>, tensor<2x2xf32>) -> tensor<1x2xf32>
// CHECK-NEXT: "func.return"(%4) : (tensor<1x2xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<1x1xf32>):
  %0 = "nn.constant"() {value = dense<[[1.0, 8.0]]> : tensor<1x2xf32>} : () -> tensor<1x2xf32>
  %1 = "nn.affine"(%x, %0) : (tensor<1x1xf32>, tensor<1x2xf32>) -> tensor<1x2xf32>
  %2 = "nn.relu"(%1) : (tensor<1x2xf32>) -> tensor<1x2xf32>
  %3 = "nn.constant"() {value = dense<[[2.0, 3.0], [4.0, 5.0]]> : tensor<2x2xf32>} : () -> tensor<2x2xf32>
  %4 = "nn.affine"(%2, %3) : (tensor<1x2xf32>, tensor<2x2xf32>) -> tensor<1x2xf32>
  "func.return"(%4) : (tensor<1x2xf32>) -> ()
}) {function_type = (tensor<1x1xf32>) -> tensor<1x2xf32>, sym_name = "main"} : () -> ()
