"test.numbers"() {a = 3, b = -4 : i8, c = 1.5, d = 1.0e+3 : f32, e = 0x7FC00000 : f32, f = true, g, h = unit, i = 1 : i1, j = 7 : index} : () -> ()
"test.arrays"() {a = [], b = array<i64>, c = array<i8: 1, -2>, d = array<i1: true, false>, e = array<f32: 0.5>, f = [1, "x", [2.0]], g = [0.5, 0xFFF0000000000000 : f64]} : () -> ()
"test.others"() {a = @main, b = @"odd name", c = {x = 1, "y z" = {}}, d = tensor<*xf32>, e = (f32) -> (), f = "\22\\\n\t\E5\85\A5", "g h" = "ok"} : () -> ()
"test.types"() {a = tensor<?x2xf32, {d0 = "N"}>, b = tensor<0x!nncc.string>, c = complex<f64>, d = !quant.uniform<u8<1:255>:f32:1, {0.5:3, 1.0:-0}>, e = none, f = tensor<1x!quant.uniform<i8:f32, 0.1:3>>} : () -> ()
// prints:
"builtin.module"() ({
  "test.numbers"() {a = 3 : i64, b = -4 : i64, c = 1.5 : f64, d = 1000.0 : f64, e = 0x7FF8000000000000 : f64, f = true, g = true, h = true, i = true, j = 7 : i64} : () -> ()
  "test.arrays"() {a = [], b = [], c = array<i64: 1, -2>, d = array<i1: true, false>, e = array<f64: 0.5>, f = [1 : i64, "x", array<f64: 2.0>], g = [0.5 : f64, 0xFFF0000000000000 : f64]} : () -> ()
  "test.others"() {a = @main, b = @"odd name", c = {x = 1 : i64, "y z" = {}}, d = tensor<*xf32>, e = (f32) -> (), f = "\22\\\0A\09入", "g h" = "ok"} : () -> ()
  "test.types"() {a = tensor<?x2xf32, {d0 = "N"}>, b = tensor<0x!nncc.string>, c = complex<f64>, d = !quant.uniform<ui8<1:255>:f32:1, {0.5:3, 1.0}>, e = none, f = tensor<1x!quant.uniform<i8:f32, 0.1:3>>} : () -> ()
}) : () -> ()
// -----
"test.dense"() {a = dense<1.0> : tensor<2x2xf32>, b = dense<[[1, 2], [3, -4]]> : tensor<2x2xi8>, c = dense<> : tensor<0x3xf32>, d = dense<[true, false]> : tensor<2xi1>} : () -> ()
"test.dense"() {a = dense<[0x7F800000, -0.0, 0x7FC00001]> : tensor<3xf32>, b = dense<(1.0, -2.0)> : tensor<complex<f32>>, c = dense<"0x0100FFFF"> : tensor<2xi16>} : () -> ()
"test.dense"() {a = #nncc.dense<[1, 2] : tensor<2x!quant.uniform<i8:f32, 0.1:3>>>, b = #nncc.dense<["a>", "b"] : tensor<2x!nncc.string>>, c = #nncc.dense<[] : tensor<0x!nncc.string>>} : () -> ()
"test.dense"() {a = dense<[[5]]> : tensor<1x1xui64>, b = dense<0.100098> : tensor<bf16>, c = dense<[-8, 7]> : tensor<2xi4>, d = dense<[0.5, 1.5]> : tensor<2xf8E4M3FN>} : () -> ()
// prints:
"builtin.module"() ({
  "test.dense"() {a = dense<1.0> : tensor<2x2xf32>, b = dense<[[1, 2], [3, -4]]> : tensor<2x2xi8>, c = dense<> : tensor<0x3xf32>, d = dense<[true, false]> : tensor<2xi1>} : () -> ()
  "test.dense"() {a = dense<[0x7F800000, -0.0, 0x7FC00001]> : tensor<3xf32>, b = dense<(1.0, -2.0)> : tensor<complex<f32>>, c = dense<[1, -1]> : tensor<2xi16>} : () -> ()
  "test.dense"() {a = #nncc.dense<[1, 2] : tensor<2x!quant.uniform<i8:f32, 0.1:3>>>, b = #nncc.dense<["a>", "b"] : tensor<2x!nncc.string>>, c = #nncc.dense<[] : tensor<0x!nncc.string>>} : () -> ()
  "test.dense"() {a = dense<[[5]]> : tensor<1x1xui64>, b = dense<0.100098> : tensor<bf16>, c = dense<[-8, 7]> : tensor<2xi4>, d = dense<[0.5, 1.5]> : tensor<2xf8E4M3FN>} : () -> ()
}) : () -> ()
// -----
"builtin.module"() ({
  "test.op"() {value = dense_resource<conv1_W> : tensor<2xf32>} : () -> ()
  "test.op"() {value = dense_resource<conv1_W> : tensor<2xf32>, q = dense_resource<q> : tensor<3x!quant.uniform<i8:f32, 0.5>>} : () -> ()
}) {nncc.resource_names = {conv1_W = "conv1/W"}} : () -> ()
{-#
  external_resources: {mlir_reproducer: {verify_each: true}},
  dialect_resources: {builtin: {unused: "0x00", conv1_W: "0x040000000000803F00000040", q: "0x010000000001FF"}}
#-}
// prints:
"builtin.module"() ({
  "test.op"() {value = dense_resource<conv1_W> : tensor<2xf32>} : () -> ()
  "test.op"() {value = dense_resource<conv1_W> : tensor<2xf32>, q = dense_resource<q> : tensor<3x!quant.uniform<i8:f32, 0.5>>} : () -> ()
}) {nncc.resource_names = {conv1_W = "conv1/W"}} : () -> ()
{-#
  dialect_resources: {
    builtin: {
      conv1_W: "0x040000000000803F00000040",
      q: "0x010000000001FF"
    }
  }
#-}
