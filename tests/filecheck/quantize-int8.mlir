// RUN: nncc opt '--passes=quantize-int8{report_samples=0}' --split --no-locations %s | filecheck %s

// The range -0.5 .. 0.75 has 255 steps; 0 is a value of its own. The result of tanh has a fixed scale of 1 / 128.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<1x8x!quant.uniform<i8:f32, 0.0049019609577953815:-26>>):
// CHECK-NEXT: %0 = "nn.tanh"(%x) : (tensor<1x8x!quant.uniform<i8:f32, 0.0049019609577953815:-26>>) -> tensor<1x8x!quant.uniform<i8:f32, 0.0078125>>
// CHECK-NEXT: "func.return"(%0) : (tensor<1x8x!quant.uniform<i8:f32, 0.0078125>>) -> ()
// CHECK-NEXT: }) {function_type = (tensor<1x8x!quant.uniform<i8:f32, 0.0049019609577953815:-26>>) -> tensor<1x8x!quant.uniform<i8:f32, 0.0078125>>, sym_name = "main", arg_attrs = [{nncc.name = "x"}], res_attrs = [{nncc.name = "y"}]} : () -> ()
"func.func"() ({
^bb0(%x: tensor<1x8xf32>):
  %0 = "nn.tanh"(%x) {nncc.ranges = [[-0.4, 0.6]]} : (tensor<1x8xf32>) -> tensor<1x8xf32>
  "func.return"(%0) : (tensor<1x8xf32>) -> ()
}) {function_type = (tensor<1x8xf32>) -> tensor<1x8xf32>, sym_name = "main", arg_attrs = [{nncc.name = "x", nncc.range = [-0.5, 0.75]}], res_attrs = [{nncc.name = "y"}]} : () -> ()

// -----

// What is below 0 is nothing to a relu that alone uses the input: the input's range begins at 0.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<1x8x!quant.uniform<i8:f32, 0.0029411765281111:-128>>):
// CHECK-NEXT: %0 = "nn.relu"(%x) : (tensor<1x8x!quant.uniform<i8:f32, 0.0029411765281111:-128>>) -> tensor<1x8x!quant.uniform<i8:f32, 0.0029411765281111:-128>>
// CHECK-NEXT: "func.return"(%0) : (tensor<1x8x!quant.uniform<i8:f32, 0.0029411765281111:-128>>) -> ()
"func.func"() ({
^bb0(%x: tensor<1x8xf32>):
  %0 = "nn.relu"(%x) {nncc.ranges = [[0.0, 0.75]]} : (tensor<1x8xf32>) -> tensor<1x8xf32>
  "func.return"(%0) : (tensor<1x8xf32>) -> ()
}) {function_type = (tensor<1x8xf32>) -> tensor<1x8xf32>, sym_name = "main", arg_attrs = [{nncc.name = "x", nncc.range = [-0.5, 0.75]}], res_attrs = [{nncc.name = "y"}]} : () -> ()

// -----

// Weights get one scale for each output channel, the bias the product of the scales of input and weights.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<1x2x!quant.uniform<i8:f32, 0.0049019609577953815:-26>>):
// CHECK-NEXT: %w = "nn.constant"() {value = #nncc.dense<{{\[\[}}127, 0], [0, 127]] : tensor<2x2x!quant.uniform<i8<-127:127>:f32:1, {0.009999999776482582, 0.019999999552965164}>>>} : () -> tensor<2x2x!quant.uniform<i8<-127:127>:f32:1, {0.009999999776482582, 0.019999999552965164}>>
// CHECK-NEXT: %b = "nn.constant"() {value = #nncc.dense<10200 : tensor<2x!quant.uniform<i32:f32:0, {4.901960710412823e-05, 9.803921420825645e-05}>>>} : () -> tensor<2x!quant.uniform<i32:f32:0, {4.901960710412823e-05, 9.803921420825645e-05}>>
// CHECK-NEXT: %0 = "nn.affine"(%x, %w, %b) : (tensor<1x2x!quant.uniform<i8:f32, 0.0049019609577953815:-26>>, tensor<2x2x!quant.uniform<i8<-127:127>:f32:1, {0.009999999776482582, 0.019999999552965164}>>, tensor<2x!quant.uniform<i32:f32:0, {4.901960710412823e-05, 9.803921420825645e-05}>>) -> tensor<1x2x!quant.uniform<i8:f32, 0.009999999776482582>>
// CHECK-NEXT: "func.return"(%0) : (tensor<1x2x!quant.uniform<i8:f32, 0.009999999776482582>>) -> ()
"func.func"() ({
^bb0(%x: tensor<1x2xf32>):
  %w = "nn.constant"() {value = dense<[[1.27, 0.0], [0.0, 2.54]]> : tensor<2x2xf32>} : () -> tensor<2x2xf32>
  %b = "nn.constant"() {value = dense<[0.5, 1.0]> : tensor<2xf32>} : () -> tensor<2xf32>
  %0 = "nn.affine"(%x, %w, %b) {nncc.ranges = [[-1.28, 1.27]]} : (tensor<1x2xf32>, tensor<2x2xf32>, tensor<2xf32>) -> tensor<1x2xf32>
  "func.return"(%0) : (tensor<1x2xf32>) -> ()
}) {function_type = (tensor<1x2xf32>) -> tensor<1x2xf32>, sym_name = "main", arg_attrs = [{nncc.name = "x", nncc.range = [-0.5, 0.75]}], res_attrs = [{nncc.name = "y"}]} : () -> ()

// -----

// TFLite has no int8 kernel for the sine: it stays in float, with a warning.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<1x8x!quant.uniform<i8:f32, 0.0049019609577953815:-26>>):
// CHECK-NEXT: %x_float = "nn.dequantize"(%x) : (tensor<1x8x!quant.uniform<i8:f32, 0.0049019609577953815:-26>>) -> tensor<1x8xf32>
// CHECK-NEXT: %0 = "nn.sin"(%x_float) : (tensor<1x8xf32>) -> tensor<1x8xf32>
// CHECK-NEXT: %1 = "nn.quantize"(%0) {to = tensor<1x8x!quant.uniform<i8:f32, 0.0049019609577953815:-26>>} : (tensor<1x8xf32>) -> tensor<1x8x!quant.uniform<i8:f32, 0.0049019609577953815:-26>>
// CHECK-NEXT: "func.return"(%1) : (tensor<1x8x!quant.uniform<i8:f32, 0.0049019609577953815:-26>>) -> ()
"func.func"() ({
^bb0(%x: tensor<1x8xf32>):
  %0 = "nn.sin"(%x) {nncc.ranges = [[-0.5, 0.75]]} : (tensor<1x8xf32>) -> tensor<1x8xf32>
  "func.return"(%0) : (tensor<1x8xf32>) -> ()
}) {function_type = (tensor<1x8xf32>) -> tensor<1x8xf32>, sym_name = "main", arg_attrs = [{nncc.name = "x", nncc.range = [-0.5, 0.75]}], res_attrs = [{nncc.name = "y"}]} : () -> ()
