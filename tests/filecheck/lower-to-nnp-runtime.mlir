// RUN: nncc opt --passes=lower-to-nnp{runtime=nnablart} --split --no-locations %s | filecheck %s

// nnabla-c-runtime compares nothing: the sign of a difference tells.
// CHECK-LABEL: builtin.module
// CHECK: %{{.*}} = "nnp.Sub2"(%a, %b)
// CHECK-NEXT: %{{.*}} = "nnp.Sign"(%{{.*}}) {name = "Sign"}
// CHECK-NEXT: %y = "nnp.ReLU"
"func.func"() ({
^bb0(%a: tensor<4xf32>, %b: tensor<4xf32>):
  %0 = "nn.greater"(%a, %b) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
  "func.return"(%0) : (tensor<4xi1>) -> ()
}) {function_type = (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>, sym_name = "main", arg_attrs = [{nncc.name = "a"}, {nncc.name = "b"}], res_attrs = [{nncc.name = "y"}]} : () -> ()

// -----

// Its BatchMatmul is right in the first run only: a convolution with a group for each pair of matrices.
// CHECK-LABEL: builtin.module
// CHECK: "nnp.Convolution"(%{{.*}}, %{{.*}}) {{.*}}group = 2 : i64{{.*}} : (tensor<1x8x5x1xf32>, tensor<6x4x1x1xf32>) -> tensor<1x6x5x1xf32>
"func.func"() ({
^bb0(%a: tensor<2x3x4xf32>, %b: tensor<2x4x5xf32>):
  %0 = "nn.matmul"(%a, %b) : (tensor<2x3x4xf32>, tensor<2x4x5xf32>) -> tensor<2x3x5xf32>
  "func.return"(%0) : (tensor<2x3x5xf32>) -> ()
}) {function_type = (tensor<2x3x4xf32>, tensor<2x4x5xf32>) -> tensor<2x3x5xf32>, sym_name = "main"} : () -> ()
