// RUN: nncc opt --passes=lower-to-c --split --verify-diagnostics %s

"func.func"() ({
^bb0(%x: tensor<4x!quant.uniform<i8:f32, 0.5:-4>>, %y: tensor<4x!quant.uniform<i8:f32, 0.25>>, %z: tensor<4x!quant.uniform<i16:f32, 0.25>>):
  // expected-error@below {{there is no C kernel for 'tfl.div' with integers that stand for real numbers}}
  %0 = "tfl.div"(%x, %x) : (tensor<4x!quant.uniform<i8:f32, 0.5:-4>>, tensor<4x!quant.uniform<i8:f32, 0.5:-4>>) -> tensor<4x!quant.uniform<i8:f32, 0.5:-4>>
  // expected-error@below {{moves integers of several scales}}
  %1 = "tfl.concatenation"(%x, %y) {axis = 0 : i64} : (tensor<4x!quant.uniform<i8:f32, 0.5:-4>>, tensor<4x!quant.uniform<i8:f32, 0.25>>) -> tensor<8x!quant.uniform<i8:f32, 0.25>>
  // expected-error@below {{computes with !quant.uniform<i16:f32, 0.25>, for which there is no C kernel}}
  %2 = "tfl.add"(%z, %z) : (tensor<4x!quant.uniform<i16:f32, 0.25>>, tensor<4x!quant.uniform<i16:f32, 0.25>>) -> tensor<4x!quant.uniform<i16:f32, 0.25>>
  "func.return"(%0, %1, %2) : (tensor<4x!quant.uniform<i8:f32, 0.5:-4>>, tensor<8x!quant.uniform<i8:f32, 0.25>>, tensor<4x!quant.uniform<i16:f32, 0.25>>) -> ()
}) {function_type = (tensor<4x!quant.uniform<i8:f32, 0.5:-4>>, tensor<4x!quant.uniform<i8:f32, 0.25>>, tensor<4x!quant.uniform<i16:f32, 0.25>>) -> (tensor<4x!quant.uniform<i8:f32, 0.5:-4>>, tensor<8x!quant.uniform<i8:f32, 0.25>>, tensor<4x!quant.uniform<i16:f32, 0.25>>), sym_name = "main"} : () -> ()
