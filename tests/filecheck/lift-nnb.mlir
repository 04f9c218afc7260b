// RUN: nncc opt --passes=lift-nnb --split --no-locations %s | filecheck %s

// The weight lies as rows of outputs; in NNabla the first dimension is the inputs. Eight bits become real numbers.
// CHECK-LABEL: builtin.module
// CHECK-NEXT: "nnp.network"() ({
// CHECK-NEXT: %x = "nnp.variable"() {name = "x", type = "Buffer"} : () -> tensor<1x2xf32>
// CHECK-NEXT: %w = "nnp.variable"() {name = "w", type = "Parameter", value = dense_resource<w> : tensor<2x3xf32>} : () -> tensor<2x3xf32>
// CHECK-NEXT: %b = "nnp.variable"() {name = "b", type = "Parameter", value = dense_resource<b> : tensor<3xf32>} : () -> tensor<3xf32>
// CHECK-NEXT: "nnp.variable"(%y) {name = "y", type = "Buffer"} : (tensor<1x3xf32>) -> ()
// CHECK-NEXT: %y = "nnp.Affine"(%x, %w, %b) {name = "Affine", base_axis = 1 : i64} : (tensor<1x2xf32>, tensor<2x3xf32>, tensor<3xf32>) -> tensor<1x3xf32>
// CHECK-NEXT: }) {name = "main", batch_size = 1 : i64} : () -> ()
// CHECK: "nnp.executor"() {name = "exec_0", network_name = "main", data_variable = [{variable_name = "x", data_name = "x"}], output_variable = [{variable_name = "y", data_name = "y"}]
"func.func"() ({
^bb0(%x: tensor<1x2xf32>):
  %w = "nnb.parameter"() {value = dense<[[1.0, 4.0, 2.0], [5.0, 3.0, 6.0]]> : tensor<2x3xf32>} : () -> tensor<2x3xf32>
  %b = "nnb.parameter"() {value = dense<[1, 2, 3]> : tensor<3x!quant.uniform<i8:f32, 0.0625>>} : () -> tensor<3x!quant.uniform<i8:f32, 0.0625>>
  %0 = "nnb.Affine"(%x, %w, %b) {base_axis = 1, buffers = array<i64: 1>} : (tensor<1x2xf32>, tensor<2x3xf32>, tensor<3x!quant.uniform<i8:f32, 0.0625>>) -> tensor<1x3xf32>
  "func.return"(%0) : (tensor<1x3xf32>) -> ()
}) {function_type = (tensor<1x2xf32>) -> tensor<1x3xf32>, sym_name = "main", arg_attrs = [{nncc.name = "x"}], res_attrs = [{nncc.name = "y"}]} : () -> ()

// -----

// Binary weights are what the runtime computes with; the real ones may be missing.
// CHECK-LABEL: builtin.module
// CHECK: %s = "nnp.variable"() {name = "s", type = "Parameter"
// CHECK: %y = "nnp.Convolution"(%x, %s) {
"func.func"() ({
^bb0(%x: tensor<1x1x2x2xf32>):
  %w = "nnb.unread_parameter"() {value = dense<[0.5]> : tensor<1xf32>} : () -> tensor<1x1x1x1xf32>
  %s = "nnb.parameter"() {value = dense<1.0> : tensor<1x1x1x1xf32>, sign = true} : () -> tensor<1x1x1x1xf32>
  %0 = "nnb.BinaryConnectConvolution"(%x, %w, %s) {base_axis = 1, pad = array<i64: 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, group = 1, buffers = array<i64: 1>} : (tensor<1x1x2x2xf32>, tensor<1x1x1x1xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x2x2xf32>
  "func.return"(%0) : (tensor<1x1x2x2xf32>) -> ()
}) {function_type = (tensor<1x1x2x2xf32>) -> tensor<1x1x2x2xf32>, sym_name = "main", arg_attrs = [{nncc.name = "x"}], res_attrs = [{nncc.name = "y"}]} : () -> ()
