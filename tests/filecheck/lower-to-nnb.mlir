// RUN: nncc opt --passes=lower-to-nnp{runtime=nnablart},lower-to-nnb --split --no-locations %s | filecheck %s

// The weight of an affine lies transposed in memory, under the shape that it has; one that another function takes, too, is stored for each.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<1x2xf32>):
// CHECK-NEXT: %W = "nnb.parameter"() {value = {{.*}}} : () -> tensor<2x3xf32>
// CHECK-NEXT: %{{.*}} = "nnb.Affine"(%x, %W) {{.*}} : (tensor<1x2xf32>, tensor<2x3xf32>) -> tensor<1x3xf32>
// CHECK-NEXT: %W_1 = "nnb.parameter"() {value = dense<{{\[\[}}1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>} : () -> tensor<2x3xf32>
// CHECK-NEXT: %y = "nnb.Add2"(%{{.*}}, %W_1)
// CHECK-NEXT: "func.return"(%y) : (tensor<2x3xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<1x2xf32>):
  %W = "nn.constant"() {value = dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>} : () -> tensor<2x3xf32>
  %0 = "nn.affine"(%x, %W) : (tensor<1x2xf32>, tensor<2x3xf32>) -> tensor<1x3xf32>
  %1 = "nn.add"(%0, %W) : (tensor<1x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  "func.return"(%1) : (tensor<2x3xf32>) -> ()
}) {function_type = (tensor<1x2xf32>) -> tensor<2x3xf32>, sym_name = "main", arg_attrs = [{nncc.name = "x"}], res_attrs = [{nncc.name = "y"}]} : () -> ()
