// RUN: nncc opt '--passes=quantize-int8{strict=true,report_samples=0}' --split --verify-diagnostics %s

// Strict: an operation without an int8 kernel is an error.
"func.func"() ({
^bb0(%x: tensor<1x8xf32>):
  // expected-error@below {{'nn.sin' stays in float: TFLite has no int8 kernel for it}}
  %0 = "nn.sin"(%x) {nncc.ranges = [[-0.5, 0.75]]} : (tensor<1x8xf32>) -> tensor<1x8xf32>
  "func.return"(%0) : (tensor<1x8xf32>) -> ()
}) {function_type = (tensor<1x8xf32>) -> tensor<1x8xf32>, sym_name = "main", arg_attrs = [{nncc.range = [-0.5, 0.75]}]} : () -> ()
