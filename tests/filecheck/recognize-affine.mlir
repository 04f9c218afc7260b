// RUN: nncc opt --passes=recognize-affine --split --no-locations --verify-numerics=random %s | filecheck %s

// A constant matrix.
// CHECK-LABEL: builtin.module
// CHECK: %1 = "nn.affine"(%x, %0) : (tensor<3x2xf32>, tensor<2x1xf32>) -> tensor<3x1xf32>
// CHECK-NEXT: "func.return"(%1) : (tensor<3x1xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<3x2xf32>):
  %0 = "nn.constant"() {value = dense<[[1.0], [2.0]]> : tensor<2x1xf32>} : () -> tensor<2x1xf32>
  %1 = "nn.matmul"(%x, %0) : (tensor<3x2xf32>, tensor<2x1xf32>) -> tensor<3x1xf32>
  "func.return"(%1) : (tensor<3x1xf32>) -> ()
}) {function_type = (tensor<3x2xf32>) -> tensor<3x1xf32>, sym_name = "main"} : () -> ()

// -----

// Not one: a stack of matrices, one for each sample.
// CHECK-LABEL: builtin.module
// CHECK: %1 = "nn.matmul"(%x, %0)
"func.func"() ({
^bb0(%x: tensor<1x3x2xf32>):
  %0 = "nn.constant"() {value = dense<[[[1.0], [2.0]]]> : tensor<1x2x1xf32>} : () -> tensor<1x2x1xf32>
  %1 = "nn.matmul"(%x, %0) : (tensor<1x3x2xf32>, tensor<1x2x1xf32>) -> tensor<1x3x1xf32>
  "func.return"(%1) : (tensor<1x3x1xf32>) -> ()
}) {function_type = (tensor<1x3x2xf32>) -> tensor<1x3x1xf32>, sym_name = "main"} : () -> ()
