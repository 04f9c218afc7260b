// RUN: nncc opt --passes=lower-to-nnp --split --verify-diagnostics %s

// All that cannot be lowered is reported, not the first only; what follows from it is not.
"func.func"() ({
^bb0(%x: tensor<2x3xf32>, %k: tensor<4xi32>):
  // expected-error@below {{'nn.non_zero' gives a size that depends on the data, and NNabla fixes all sizes before it runs}}
  %0 = "nn.non_zero"(%x) : (tensor<2x3xf32>) -> tensor<?x2xi64>
  %1 = "nn.cast"(%0) {to = f32} : (tensor<?x2xi64>) -> tensor<?x2xf32>
  // expected-error@below {{'nn.bitwise_and' looks at bits, and NNabla has float32 alone}}
  %2 = "nn.bitwise_and"(%k, %k) : (tensor<4xi32>, tensor<4xi32>) -> tensor<4xi32>
  "func.return"(%1, %2) : (tensor<?x2xf32>, tensor<4xi32>) -> ()
}) {function_type = (tensor<2x3xf32>, tensor<4xi32>) -> (tensor<?x2xf32>, tensor<4xi32>), sym_name = "main"} : () -> ()

// -----

// float32 holds whole numbers up to 2^24.
"func.func"() ({
^bb0(%x: tensor<2xi64>):
  // expected-error@below {{the constant 'constant' holds 16777217, and NNabla's float32 would change it}}
  %0 = "nn.constant"() {value = dense<[16777217, 1]> : tensor<2xi64>} : () -> tensor<2xi64>
  %1 = "nn.add"(%x, %0) : (tensor<2xi64>, tensor<2xi64>) -> tensor<2xi64>
  "func.return"(%1) : (tensor<2xi64>) -> ()
}) {function_type = (tensor<2xi64>) -> tensor<2xi64>, sym_name = "main"} : () -> ()
