// RUN: nncc opt --passes=lower-to-onnx{opset=9} --split --verify-diagnostics %s

// All that cannot be lowered is reported, not the first only: what the opset lacks, and a type that it does not take.
"func.func"() ({
^bb0(%x: tensor<1x8x8x3xf32>, %w: tensor<4x3x3x3xf32>, %i: tensor<2x3xi64>):
  // expected-error@below {{'nn.conv' op is channel-last, and ONNX is channel-first}}
  %0 = "nn.conv"(%x, %w) {channel_last = true} : (tensor<1x8x8x3xf32>, tensor<4x3x3x3xf32>) -> tensor<1x6x6x4xf32>
  // expected-error@below {{'nn.hard_swish' op needs HardSwish, which opset 9 does not have}}
  %1 = "nn.hard_swish"(%x) : (tensor<1x8x8x3xf32>) -> tensor<1x8x8x3xf32>
  // expected-error@below {{'nn.maximum' op has i64 elements, which Max of opset 9 does not take}}
  %2 = "nn.maximum"(%i, %i) : (tensor<2x3xi64>, tensor<2x3xi64>) -> tensor<2x3xi64>
  "func.return"(%0, %1, %2) : (tensor<1x6x6x4xf32>, tensor<1x8x8x3xf32>, tensor<2x3xi64>) -> ()
}) {function_type = (tensor<1x8x8x3xf32>, tensor<4x3x3x3xf32>, tensor<2x3xi64>) -> (tensor<1x6x6x4xf32>, tensor<1x8x8x3xf32>, tensor<2x3xi64>), sym_name = "main"} : () -> ()
