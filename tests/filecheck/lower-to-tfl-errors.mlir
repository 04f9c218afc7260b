// RUN: nncc opt --passes=lower-to-tfl --split --verify-diagnostics %s

// All that cannot be lowered is reported, not the first only: what needs channel-last, and what TFLite lacks.
"func.func"() ({
^bb0(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x3x3xf32>):
  // expected-error@below {{'nn.conv' op is channel-first, and TFLite is channel-last}}
  %0 = "nn.conv"(%x, %w) : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x6x6xf32>
  // expected-error@below {{TFLite has no operation for 'nn.softplus'}}
  %1 = "nn.softplus"(%0) : (tensor<1x4x6x6xf32>) -> tensor<1x4x6x6xf32>
  "func.return"(%1) : (tensor<1x4x6x6xf32>) -> ()
}) {function_type = (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x6x6xf32>, sym_name = "main"} : () -> ()
