// RUN: nncc opt --passes=lower-to-c --split --no-locations %s | filecheck %s

// Rows of weights are filled up, the bias takes what the zero point of x adds (10 - (2 + 3) * -4), scales become
// multipliers (0.5 * 0.25 / 1.0 = 2^30 * 2^(-2 - 31)), and functions of one integer tables.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%arg0: tensor<1x2x2x1x!quant.uniform<i8:f32, 0.5:-4>>):
// CHECK-NEXT: %w = "c.constant"() {value = dense<[[2, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]]> : tensor<1x16xi8>}
// CHECK-NEXT: %b_less_zero_point = "c.constant"() {value = dense<[30]> : tensor<1xi32>}
// CHECK-NEXT: %factors = "c.constant"() {value = dense<[1073741824]> : tensor<1xi32>}
// CHECK-NEXT: %shifts = "c.constant"() {value = dense<[-2]> : tensor<1xi32>}
// CHECK-NEXT: %0 = "c.quantized_conv"(%arg0, %w, %b_less_zero_point, %factors, %shifts) {kernel = array<i64: 1, 2>, strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0>, outside = -4 : i64, zero_point = 3 : i64}
// CHECK-NEXT: %table = "c.constant"() {value = dense_resource<table> : tensor<256xi8>}
// CHECK-NEXT: %result0 = "c.lookup"(%0, %table)
"func.func"() ({
^bb0(%x: tensor<1x2x2x1x!quant.uniform<i8:f32, 0.5:-4>>):
  %w = "tfl.pseudo_const"() {value = dense<[[[[2], [3]]]]> : tensor<1x1x2x1x!quant.uniform<i8:f32, 0.25>>} : () -> tensor<1x1x2x1x!quant.uniform<i8:f32, 0.25>>
  %b = "tfl.pseudo_const"() {value = dense<[10]> : tensor<1x!quant.uniform<i32:f32, 0.125>>} : () -> tensor<1x!quant.uniform<i32:f32, 0.125>>
  %0 = "tfl.conv_2d"(%x, %w, %b) : (tensor<1x2x2x1x!quant.uniform<i8:f32, 0.5:-4>>, tensor<1x1x2x1x!quant.uniform<i8:f32, 0.25>>, tensor<1x!quant.uniform<i32:f32, 0.125>>) -> tensor<1x2x2x1x!quant.uniform<i8:f32, 1.0:3>>
  %1 = "tfl.relu"(%0) : (tensor<1x2x2x1x!quant.uniform<i8:f32, 1.0:3>>) -> tensor<1x2x2x1x!quant.uniform<i8:f32, 1.0:3>>
  "func.return"(%1) : (tensor<1x2x2x1x!quant.uniform<i8:f32, 1.0:3>>) -> ()
}) {function_type = (tensor<1x2x2x1x!quant.uniform<i8:f32, 0.5:-4>>) -> tensor<1x2x2x1x!quant.uniform<i8:f32, 1.0:3>>, sym_name = "main"} : () -> ()
