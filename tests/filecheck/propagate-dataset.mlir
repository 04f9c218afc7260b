// RUN: nncc opt --passes=propagate-dataset,calibrate --split --no-locations --dataset=%S/inputs/four.npy %s | filecheck %s

// The samples go from -1 to 16; calibrate sees what the relu makes of them.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<1x4xf32>):
// CHECK-NEXT: %0 = "nn.relu"(%x) {nncc.ranges = [array<f64: 0.0, 16.0>]} : (tensor<1x4xf32>) -> tensor<1x4xf32>
// CHECK-NEXT: "func.return"(%0) : (tensor<1x4xf32>) -> ()
// CHECK-NEXT: }) {function_type = (tensor<1x4xf32>) -> tensor<1x4xf32>, sym_name = "main", arg_attrs = [{nncc.range = array<f64: 0.0, 16.0>}]} : () -> ()
"func.func"() ({
^bb0(%x: tensor<1x4xf32>):
  %0 = "nn.relu"(%x) : (tensor<1x4xf32>) -> tensor<1x4xf32>
  "func.return"(%0) : (tensor<1x4xf32>) -> ()
}) {function_type = (tensor<1x4xf32>) -> tensor<1x4xf32>, sym_name = "main"} : () -> ()
