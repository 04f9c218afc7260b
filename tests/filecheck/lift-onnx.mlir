// RUN: nncc opt --passes=lift-onnx --split --no-locations --verify-numerics=random %s | filecheck %s

// The pads of SAME_UPPER, although the batch is open; weights and names stay.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<?x1x5x5xf32, {d0 = "N"}>):
// CHECK-NEXT: %w = "nn.constant"() {value = dense<1.0> : tensor<2x1x3x3xf32>} : () -> tensor<2x1x3x3xf32>
// CHECK-NEXT: %y = "nn.conv"(%x, %w) {strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 1, 1>} : (tensor<?x1x5x5xf32, {d0 = "N"}>, tensor<2x1x3x3xf32>) -> tensor<?x2x3x3xf32, {d0 = "N"}>
// CHECK-NEXT: "func.return"(%y)
// CHECK-NEXT: arg_attrs = [{nncc.name = "x"}], res_attrs = [{nncc.name = "y"}]
"builtin.module"() ({
  "func.func"() ({
  ^bb0(%x: tensor<?x1x5x5xf32, {d0 = "N"}>):
    %w = "onnx.initializer"() {value = dense<1.0> : tensor<2x1x3x3xf32>} : () -> tensor<2x1x3x3xf32>
    %y = "onnx.Conv"(%x, %w) {auto_pad = "SAME_UPPER", strides = [2, 2]} : (tensor<?x1x5x5xf32, {d0 = "N"}>, tensor<2x1x3x3xf32>) -> tensor<*xf32>
    "func.return"(%y) : (tensor<*xf32>) -> ()
  }) {function_type = (tensor<?x1x5x5xf32, {d0 = "N"}>) -> tensor<*xf32>, sym_name = "main", arg_attrs = [{nncc.name = "x"}], res_attrs = [{nncc.name = "y"}]} : () -> ()
}) {onnx.opset_import = {"" = 17}} : () -> ()

// -----

// What is made of constants and static shapes becomes a constant at once: the debris that exporters leave.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<2x3x4xf32>):
// CHECK-NEXT: %y = "nn.reshape"(%x) {shape = array<i64: 2, -1>} : (tensor<2x3x4xf32>) -> tensor<2x12xf32>
// CHECK-NEXT: "func.return"(%y)
"builtin.module"() ({
  "func.func"() ({
  ^bb0(%x: tensor<2x3x4xf32>):
    %rest = "onnx.initializer"() {value = dense<-1> : tensor<1xi64>} : () -> tensor<1xi64>
    %shape = "onnx.Shape"(%x) {end = 1} : (tensor<2x3x4xf32>) -> tensor<1xi64>
    %both = "onnx.Concat"(%shape, %rest) {axis = 0} : (tensor<1xi64>, tensor<1xi64>) -> tensor<2xi64>
    %y = "onnx.Reshape"(%x, %both) : (tensor<2x3x4xf32>, tensor<2xi64>) -> tensor<2x12xf32>
    "func.return"(%y) : (tensor<2x12xf32>) -> ()
  }) {function_type = (tensor<2x3x4xf32>) -> tensor<2x12xf32>, sym_name = "main", arg_attrs = [{nncc.name = "x"}], res_attrs = [{nncc.name = "y"}]} : () -> ()
}) {onnx.opset_import = {"" = 17}} : () -> ()

// -----

// Meaning goes by opset: softmax over all axes from one on, before version 13.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<2x3x4xf32>):
// CHECK-NEXT: %0 = "nn.reshape"(%x) {shape = array<i64: 2, -1>} : (tensor<2x3x4xf32>) -> tensor<2x12xf32>
// CHECK-NEXT: %1 = "nn.softmax"(%0) {axis = 1 : i64} : (tensor<2x12xf32>) -> tensor<2x12xf32>
// CHECK-NEXT: %y = "nn.reshape"(%1) {shape = array<i64: 2, 3, 4>} : (tensor<2x12xf32>) -> tensor<2x3x4xf32>
// CHECK-NEXT: "func.return"(%y)
"builtin.module"() ({
  "func.func"() ({
  ^bb0(%x: tensor<2x3x4xf32>):
    %y = "onnx.Softmax"(%x) : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
    "func.return"(%y) : (tensor<2x3x4xf32>) -> ()
  }) {function_type = (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>, sym_name = "main", arg_attrs = [{nncc.name = "x"}], res_attrs = [{nncc.name = "y"}]} : () -> ()
}) {onnx.opset_import = {"" = 11}} : () -> ()

// -----

// An operator without a lift of its own goes through the function that ONNX defines it by.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<2x4xf32>, %gate: tensor<2x4xf32>):
// CHECK-NOT: onnx.
// CHECK: "func.return"
"builtin.module"() ({
  "func.func"() ({
  ^bb0(%x: tensor<2x4xf32>, %gate: tensor<2x4xf32>):
    %size = "onnx.initializer"() {value = dense<[2, 6]> : tensor<2xi64>} : () -> tensor<2xi64>
    %y = "onnx.CenterCropPad"(%x, %size) : (tensor<2x4xf32>, tensor<2xi64>) -> tensor<2x6xf32>
    "func.return"(%y) : (tensor<2x6xf32>) -> ()
  }) {function_type = (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x6xf32>, sym_name = "main", arg_attrs = [{nncc.name = "x"}, {nncc.name = "gate"}], res_attrs = [{nncc.name = "y"}]} : () -> ()
}) {onnx.opset_import = {"" = 18}} : () -> ()

// -----

// Constant scales make quantized types; the plain integers between the two are not needed.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<2x4xf32>):
// CHECK-NEXT: %0 = "nn.quantize"(%x) {to = tensor<2x4x!quant.uniform<i8:f32, 0.5:3>>, rounding = "half_even"} : (tensor<2x4xf32>) -> tensor<2x4x!quant.uniform<i8:f32, 0.5:3>>
// CHECK-NEXT: %y = "nn.dequantize"(%0) : (tensor<2x4x!quant.uniform<i8:f32, 0.5:3>>) -> tensor<2x4xf32>
// CHECK-NEXT: "func.return"(%y)
"builtin.module"() ({
  "func.func"() ({
  ^bb0(%x: tensor<2x4xf32>):
    %scale = "onnx.initializer"() {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
    %zero = "onnx.initializer"() {value = dense<3> : tensor<i8>} : () -> tensor<i8>
    %q = "onnx.QuantizeLinear"(%x, %scale, %zero) : (tensor<2x4xf32>, tensor<f32>, tensor<i8>) -> tensor<2x4xi8>
    %y = "onnx.DequantizeLinear"(%q, %scale, %zero) : (tensor<2x4xi8>, tensor<f32>, tensor<i8>) -> tensor<2x4xf32>
    "func.return"(%y) : (tensor<2x4xf32>) -> ()
  }) {function_type = (tensor<2x4xf32>) -> tensor<2x4xf32>, sym_name = "main", arg_attrs = [{nncc.name = "x"}], res_attrs = [{nncc.name = "y"}]} : () -> ()
}) {onnx.opset_import = {"" = 17}} : () -> ()

// -----

// An input may be an output, another be unused; a node that no output needs is not looked at.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<2xf32>, %unused: tensor<3xf32>):
// CHECK-NEXT: "func.return"(%x)
// CHECK-NEXT: res_attrs = [{nncc.name = "y"}]
"builtin.module"() ({
  "func.func"() ({
  ^bb0(%x: tensor<2xf32>, %unused: tensor<3xf32>):
    %lost = "onnx.com.example.Unknown"(%x) : (tensor<2xf32>) -> tensor<2xf32>
    "func.return"(%x) : (tensor<2xf32>) -> ()
  }) {function_type = (tensor<2xf32>, tensor<3xf32>) -> tensor<2xf32>, sym_name = "main", arg_attrs = [{nncc.name = "x"}, {nncc.name = "unused"}], res_attrs = [{nncc.name = "y"}]} : () -> ()
}) {onnx.opset_import = {"" = 17, com.example = 1}} : () -> ()
