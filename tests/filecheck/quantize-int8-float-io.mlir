// RUN: nncc opt '--passes=quantize-int8{report_samples=0,io_type=float32}' --split --no-locations %s | filecheck %s

// The model's interface stays in float; inside it is int8.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<1x8xf32>):
// CHECK-NEXT: %x_int8 = "nn.quantize"(%x) {to = tensor<1x8x!quant.uniform<i8:f32, 0.0049019609577953815:-26>>} : (tensor<1x8xf32>) -> tensor<1x8x!quant.uniform<i8:f32, 0.0049019609577953815:-26>>
// CHECK-NEXT: %0 = "nn.tanh"(%x_int8) : (tensor<1x8x!quant.uniform<i8:f32, 0.0049019609577953815:-26>>) -> tensor<1x8x!quant.uniform<i8:f32, 0.0078125>>
// CHECK-NEXT: %1 = "nn.dequantize"(%0) : (tensor<1x8x!quant.uniform<i8:f32, 0.0078125>>) -> tensor<1x8xf32>
// CHECK-NEXT: "func.return"(%1) : (tensor<1x8xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<1x8xf32>):
  %0 = "nn.tanh"(%x) {nncc.ranges = [[-0.4, 0.6]]} : (tensor<1x8xf32>) -> tensor<1x8xf32>
  "func.return"(%0) : (tensor<1x8xf32>) -> ()
}) {function_type = (tensor<1x8xf32>) -> tensor<1x8xf32>, sym_name = "main", arg_attrs = [{nncc.name = "x", nncc.range = [-0.5, 0.75]}], res_attrs = [{nncc.name = "y"}]} : () -> ()
