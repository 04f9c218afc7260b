// A module as a person writes it: comments, aliases, properties, groups of results, locations left out.
!image = tensor<1x3x4x4xf32>
#pads = array<i64: 1, 1, 1, 1>
"builtin.module"() ({
  "func.func"() <{sym_name = "main"}> ({
  ^entry(%x: !image loc("here"), %w: tensor<2x3x3x3xf32>):
    // a convolution
    %y = "nn.conv"(%x, %w) {pads = #pads, groups = 1} : (!image, tensor<2x3x3x3xf32>) -> tensor<1x2x4x4xf32> loc(#conv)
    %s:2 = "nn.split"(%y) <{axis = 1 : i64}> {sizes = [1, 1]} : (tensor<1x2x4x4xf32>) -> (tensor<1x1x4x4xf32>, tensor<1x1x4x4xf32>)
    %c = "nn.constant"() {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
    %z = "nn.add"(%s#1, %c) : (tensor<1x1x4x4xf32>, tensor<f32>) -> tensor<1x1x4x4xf32>
    %1 = "nn.add"(%s#0, %z) : (tensor<1x1x4x4xf32>, tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32>
    "func.return"(%1) : (tensor<1x1x4x4xf32>) -> ()
  }) : () -> ()
}) : () -> ()
#conv = loc("conv1"("net.nnp:runtime":4:1))
// prints:
"builtin.module"() ({
  "func.func"() ({
  ^bb0(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x3x3xf32>):
    %y = "nn.conv"(%x, %w) {pads = array<i64: 1, 1, 1, 1>} : (tensor<1x3x4x4xf32>, tensor<2x3x3x3xf32>) -> tensor<1x2x4x4xf32>
    %s, %s_1 = "nn.split"(%y) {axis = 1 : i64, sizes = array<i64: 1, 1>} : (tensor<1x2x4x4xf32>) -> (tensor<1x1x4x4xf32>, tensor<1x1x4x4xf32>)
    %c = "nn.constant"() {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
    %z = "nn.add"(%s_1, %c) : (tensor<1x1x4x4xf32>, tensor<f32>) -> tensor<1x1x4x4xf32>
    %0 = "nn.add"(%s, %z) : (tensor<1x1x4x4xf32>, tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32>
    "func.return"(%0) : (tensor<1x1x4x4xf32>) -> ()
  }) {function_type = (tensor<1x3x4x4xf32>, tensor<2x3x3x3xf32>) -> tensor<1x1x4x4xf32>, sym_name = "main"} : () -> ()
}) : () -> ()
// -----
// Without a module around them, operations are put into one; values may be used above their definition.
%b = "test.b"(%a) ({
  %c = "test.c"(%a, %later) : (f32, i1) -> i8
}) : (f32) -> none
%a, %later = "test.a"() : () -> (f32, i1)
// prints:
"builtin.module"() ({
  %b = "test.b"(%a) ({
    %c = "test.c"(%a, %later) : (f32, i1) -> i8
  }) : (f32) -> none
  %a, %later = "test.a"() : () -> (f32, i1)
}) : () -> ()
// -----
// The module of nothing.
// prints:
"builtin.module"() ({
^bb0:
}) : () -> ()
