// RUN: nncc opt --passes=quantize-fixed-point{types=FIXED8_5} --no-locations %s | filecheck %s

// Integers of 8 bits, 5 of them behind the point; the function keeps its arguments.
// CHECK: ^bb0(%x: tensor<4x!quant.uniform<i8:f32, 0.03125>>):
// CHECK-NEXT: %y = "nnb.ReLU"(%x) {name = "act"} : (tensor<4x!quant.uniform<i8:f32, 0.03125>>) -> tensor<4x!quant.uniform<i8:f32, 0.03125>>
"builtin.module"() ({
  "func.func"() ({
  ^bb0(%x: tensor<4xf32>):
    %y = "nnb.ReLU"(%x) {name = "act"} : (tensor<4xf32>) -> tensor<4xf32>
    "func.return"(%y) : (tensor<4xf32>) -> ()
  }) {function_type = (tensor<4xf32>) -> tensor<4xf32>, sym_name = "main", arg_attrs = [{nncc.name = "x"}], res_attrs = [{nncc.name = "y"}]} : () -> ()
}) {nnb.version = 2} : () -> ()
