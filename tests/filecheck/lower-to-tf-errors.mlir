// RUN: nncc opt --passes=lower-to-tf --split --verify-diagnostics %s

// All that cannot be lowered is reported, not the first only.
"func.func"() ({
^bb0(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x3x3xf32>, %i: tensor<2x3xi64>):
  // expected-error@below {{'nn.conv' op is channel-first: TensorFlow computes channel-last}}
  %0 = "nn.conv"(%x, %w) : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x6x6xf32>
  // expected-error@below {{there is no rule for 'nn.hard_swish' on the way to TensorFlow}}
  %1 = "nn.hard_swish"(%x) : (tensor<1x3x8x8xf32>) -> tensor<1x3x8x8xf32>
  // expected-error@below {{'nn.mod' op has the dividend's sign, and FloorMod the divisor's}}
  %2 = "nn.mod"(%i, %i) {sign = "dividend"} : (tensor<2x3xi64>, tensor<2x3xi64>) -> tensor<2x3xi64>
  "func.return"(%0, %1, %2) : (tensor<1x4x6x6xf32>, tensor<1x3x8x8xf32>, tensor<2x3xi64>) -> ()
}) {function_type = (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>, tensor<2x3xi64>) -> (tensor<1x4x6x6xf32>, tensor<1x3x8x8xf32>, tensor<2x3xi64>), sym_name = "main"} : () -> ()
