// RUN: nncc opt --passes=require-static-inputs --split --verify-diagnostics %s

// expected-error@+1 {{the input 'image' has no fixed shape}}
"func.func"() ({
^bb0(%image: tensor<1x3x?x?xf32, {d2 = "height"}>, %scale: tensor<f32>):
  %0 = "nn.mul"(%image, %scale) : (tensor<1x3x?x?xf32, {d2 = "height"}>, tensor<f32>) -> tensor<1x3x?x?xf32, {d2 = "height"}>
  "func.return"(%0) : (tensor<1x3x?x?xf32, {d2 = "height"}>) -> ()
}) {arg_attrs = [{nncc.name = "image"}, {nncc.name = "scale"}], function_type = (tensor<1x3x?x?xf32, {d2 = "height"}>, tensor<f32>) -> tensor<1x3x?x?xf32, {d2 = "height"}>, sym_name = "main"} : () -> ()

// -----

// A size that depends on data is the lowering's matter.
"func.func"() ({
^bb0(%x: tensor<4xf32>):
  %0 = "nn.non_zero"(%x) : (tensor<4xf32>) -> tensor<?x1xi64>
  "func.return"(%0) : (tensor<?x1xi64>) -> ()
}) {function_type = (tensor<4xf32>) -> tensor<?x1xi64>, sym_name = "main"} : () -> ()
