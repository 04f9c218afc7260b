// RUN: nncc opt --passes=fold-padding --split --no-locations --verify-numerics=random %s | filecheck %s

// Zeros around the image are pads of the convolution.
// CHECK-LABEL: builtin.module
// CHECK: %1 = "nn.conv"(%x, %0) {pads = array<i64: 1, 2>} : (tensor<1x1x4xf32>, tensor<1x1x2xf32>) -> tensor<1x1x6xf32>
// CHECK-NEXT: "func.return"(%1) : (tensor<1x1x6xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<1x1x4xf32>):
  %0 = "nn.constant"() {value = dense<[[[1.0, 2.0]]]> : tensor<1x1x2xf32>} : () -> tensor<1x1x2xf32>
  %1 = "nn.pad"(%x) {pads = array<i64: 0, 0, 1, 0, 0, 2>} : (tensor<1x1x4xf32>) -> tensor<1x1x7xf32>
  %2 = "nn.conv"(%1, %0) : (tensor<1x1x7xf32>, tensor<1x1x2xf32>) -> tensor<1x1x6xf32>
  "func.return"(%2) : (tensor<1x1x6xf32>) -> ()
}) {function_type = (tensor<1x1x4xf32>) -> tensor<1x1x6xf32>, sym_name = "main"} : () -> ()

// -----

// An average pool counts them from now on.
// CHECK-LABEL: builtin.module
// CHECK: %0 = "nn.average_pool"(%x)
// CHECK-SAME: count_include_pad = true
// CHECK-NEXT: "func.return"(%0) : (tensor<1x1x5xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<1x1x4xf32>):
  %0 = "nn.pad"(%x) {pads = array<i64: 0, 0, 1, 0, 0, 1>} : (tensor<1x1x4xf32>) -> tensor<1x1x6xf32>
  %1 = "nn.average_pool"(%0) {kernel = array<i64: 2>} : (tensor<1x1x6xf32>) -> tensor<1x1x5xf32>
  "func.return"(%1) : (tensor<1x1x5xf32>) -> ()
}) {function_type = (tensor<1x1x4xf32>) -> tensor<1x1x5xf32>, sym_name = "main"} : () -> ()

// -----

// Not folded: a max pool takes its pads for less than any number, not for zeros.
// CHECK-LABEL: builtin.module
// CHECK: %0 = "nn.pad"(%x)
// CHECK-NEXT: %1 = "nn.max_pool"(%0)
"func.func"() ({
^bb0(%x: tensor<1x1x4xf32>):
  %0 = "nn.pad"(%x) {pads = array<i64: 0, 0, 1, 0, 0, 1>} : (tensor<1x1x4xf32>) -> tensor<1x1x6xf32>
  %1 = "nn.max_pool"(%0) {kernel = array<i64: 2>} : (tensor<1x1x6xf32>) -> tensor<1x1x5xf32>
  "func.return"(%1) : (tensor<1x1x5xf32>) -> ()
}) {function_type = (tensor<1x1x4xf32>) -> tensor<1x1x5xf32>, sym_name = "main"} : () -> ()
