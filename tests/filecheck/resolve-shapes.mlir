// RUN: nncc opt --passes=resolve-shapes,eliminate-dead-code --split --no-locations --verify-numerics=random %s | filecheck %s

// What an exporter makes of x.reshape(x.shape[0], -1).
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<?x12x64xf32, {d0 = "N"}>):
// CHECK-NEXT: %0 = "nn.reshape"(%x) {shape = array<i64: 0, 768>} : (tensor<?x12x64xf32, {d0 = "N"}>) -> tensor<?x768xf32, {d0 = "N"}>
// CHECK-NEXT: "func.return"(%0) : (tensor<?x768xf32, {d0 = "N"}>) -> ()
"func.func"() ({
^bb0(%x: tensor<?x12x64xf32, {d0 = "N"}>):
  %i = "nn.constant"() {value = dense<0> : tensor<1xi64>} : () -> tensor<1xi64>
  %rest = "nn.constant"() {value = dense<-1> : tensor<1xi64>} : () -> tensor<1xi64>
  %0 = "nn.shape_of"(%x) : (tensor<?x12x64xf32, {d0 = "N"}>) -> tensor<3xi64>
  %1 = "nn.gather"(%0, %i) : (tensor<3xi64>, tensor<1xi64>) -> tensor<1xi64>
  %2 = "nn.concat"(%1, %rest) {axis = 0} : (tensor<1xi64>, tensor<1xi64>) -> tensor<2xi64>
  %3 = "nn.dynamic_reshape"(%x, %2) : (tensor<?x12x64xf32, {d0 = "N"}>, tensor<2xi64>) -> tensor<?x?xf32>
  "func.return"(%3) : (tensor<?x?xf32>) -> ()
}) {function_type = (tensor<?x12x64xf32, {d0 = "N"}>) -> tensor<?x?xf32>, sym_name = "main"} : () -> ()

// -----

// A product of dimensions that are numbers; half of a length.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<?x8x4xf32>):
// CHECK-NEXT: %0 = "nn.slice"(%x) {starts = array<i64: 0, 0, 0>, stops = array<i64: 2147483647, 4, 2147483647>, steps = array<i64: 1, 1, 1>} : (tensor<?x8x4xf32>) -> tensor<?x4x4xf32>
// CHECK-NEXT: "func.return"(%0) : (tensor<?x4x4xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<?x8x4xf32>):
  %zero = "nn.constant"() {value = dense<0> : tensor<1xi64>} : () -> tensor<1xi64>
  %one = "nn.constant"() {value = dense<1> : tensor<1xi64>} : () -> tensor<1xi64>
  %two = "nn.constant"() {value = dense<2> : tensor<1xi64>} : () -> tensor<1xi64>
  %0 = "nn.shape_of"(%x) : (tensor<?x8x4xf32>) -> tensor<3xi64>
  %1 = "nn.gather"(%0, %one) : (tensor<3xi64>, tensor<1xi64>) -> tensor<1xi64>
  %half = "nn.div"(%1, %two) : (tensor<1xi64>, tensor<1xi64>) -> tensor<1xi64>
  %2 = "nn.dynamic_slice"(%x, %zero, %half, %one) : (tensor<?x8x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x?x4xf32>
  "func.return"(%2) : (tensor<?x?x4xf32>) -> ()
}) {function_type = (tensor<?x8x4xf32>) -> tensor<?x?x4xf32>, sym_name = "main"} : () -> ()

// -----

// Two lengths are open: each is copied where it stays in its place ...
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<?x?x768xf32>):
// CHECK-NEXT: %0 = "nn.reshape"(%x) {shape = array<i64: 0, 0, 12, 64>} : (tensor<?x?x768xf32>) -> tensor<?x?x12x64xf32>
// CHECK-NEXT: "func.return"(%0) : (tensor<?x?x12x64xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<?x?x768xf32>):
  %heads = "nn.constant"() {value = dense<[12, 64]> : tensor<2xi64>} : () -> tensor<2xi64>
  %0 = "nn.shape_of"(%x) : (tensor<?x?x768xf32>) -> tensor<3xi64>
  %1 = "nn.slice"(%0) {starts = [0], stops = [2], steps = [1]} : (tensor<3xi64>) -> tensor<2xi64>
  %2 = "nn.concat"(%1, %heads) {axis = 0} : (tensor<2xi64>, tensor<2xi64>) -> tensor<4xi64>
  %3 = "nn.dynamic_reshape"(%x, %2) : (tensor<?x?x768xf32>, tensor<4xi64>) -> tensor<?x?x12x64xf32>
  "func.return"(%3) : (tensor<?x?x12x64xf32>) -> ()
}) {function_type = (tensor<?x?x768xf32>) -> tensor<?x?x12x64xf32>, sym_name = "main"} : () -> ()

// -----

// ... but not where they change places: an attribute cannot say it.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<?x?x4xf32>):
// CHECK-NEXT: %i = "nn.constant"() {value = dense<[1, 0, 2]> : tensor<3xi64>} : () -> tensor<3xi64>
// CHECK-NEXT: %0 = "nn.shape_of"(%x) : (tensor<?x?x4xf32>) -> tensor<3xi64>
// CHECK-NEXT: %1 = "nn.gather"(%0, %i) : (tensor<3xi64>, tensor<3xi64>) -> tensor<3xi64>
// CHECK-NEXT: %2 = "nn.dynamic_reshape"(%x, %1) : (tensor<?x?x4xf32>, tensor<3xi64>) -> tensor<?x?x4xf32>
// CHECK-NEXT: "func.return"(%2) : (tensor<?x?x4xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<?x?x4xf32>):
  %i = "nn.constant"() {value = dense<[1, 0, 2]> : tensor<3xi64>} : () -> tensor<3xi64>
  %0 = "nn.shape_of"(%x) : (tensor<?x?x4xf32>) -> tensor<3xi64>
  %1 = "nn.gather"(%0, %i) : (tensor<3xi64>, tensor<3xi64>) -> tensor<3xi64>
  %2 = "nn.dynamic_reshape"(%x, %1) : (tensor<?x?x4xf32>, tensor<3xi64>) -> tensor<?x?x4xf32>
  "func.return"(%2) : (tensor<?x?x4xf32>) -> ()
}) {function_type = (tensor<?x?x4xf32>) -> tensor<?x?x4xf32>, sym_name = "main"} : () -> ()

// -----

// A shape that is known altogether is a constant, and so is what is computed of it.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<2x8xf32>):
// CHECK-NEXT: %0 = "nn.constant"() {value = dense<16.0> : tensor<f32>} : () -> tensor<f32>
// CHECK-NEXT: %1 = "nn.div"(%x, %0) : (tensor<2x8xf32>, tensor<f32>) -> tensor<2x8xf32>
// CHECK-NEXT: "func.return"(%1) : (tensor<2x8xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<2x8xf32>):
  %0 = "nn.shape_of"(%x) : (tensor<2x8xf32>) -> tensor<2xi64>
  %1 = "nn.cast"(%0) {to = f32} : (tensor<2xi64>) -> tensor<2xf32>
  %2 = "nn.reduce_prod"(%1) {axes = [0], keep_dims = false} : (tensor<2xf32>) -> tensor<f32>
  %3 = "nn.div"(%x, %2) : (tensor<2x8xf32>, tensor<f32>) -> tensor<2x8xf32>
  "func.return"(%3) : (tensor<2x8xf32>) -> ()
}) {function_type = (tensor<2x8xf32>) -> tensor<2x8xf32>, sym_name = "main"} : () -> ()

// -----

// Axes, reductions and paddings that constants give; a split whose last piece is what is left.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<?x6xf32, {d0 = "N"}>):
// CHECK-NEXT: %0 = "nn.pad"(%x) {pads = array<i64: 0, 1, 0, 1>} : (tensor<?x6xf32, {d0 = "N"}>) -> tensor<?x8xf32, {d0 = "N"}>
// CHECK-NEXT: %1, %2 = "nn.split"(%0) {axis = 1 : i64, sizes = array<i64: 2, 6>} : (tensor<?x8xf32, {d0 = "N"}>) -> (tensor<?x2xf32, {d0 = "N"}>, tensor<?x6xf32, {d0 = "N"}>)
// CHECK-NEXT: %3 = "nn.reduce_mean"(%1) {axes = array<i64: 1>, keep_dims = false} : (tensor<?x2xf32, {d0 = "N"}>) -> tensor<?xf32, {d0 = "N"}>
// CHECK-NEXT: %4 = "nn.reshape"(%3) {shape = array<i64: 0, 1>} : (tensor<?xf32, {d0 = "N"}>) -> tensor<?x1xf32, {d0 = "N"}>
// CHECK-NEXT: %5 = "nn.reshape"(%4) {shape = array<i64: 0>} : (tensor<?x1xf32, {d0 = "N"}>) -> tensor<?xf32, {d0 = "N"}>
// CHECK-NEXT: %6 = "nn.reduce_max"(%2) {axes = array<i64: 0, 1>} : (tensor<?x6xf32, {d0 = "N"}>) -> tensor<1x1xf32>
// CHECK-NEXT: "func.return"(%5, %6) : (tensor<?xf32, {d0 = "N"}>, tensor<1x1xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<?x6xf32, {d0 = "N"}>):
  %one = "nn.constant"() {value = dense<1> : tensor<1xi64>} : () -> tensor<1xi64>
  %pads = "nn.constant"() {value = dense<[0, 1, 0, 1]> : tensor<4xi64>} : () -> tensor<4xi64>
  %sizes = "nn.constant"() {value = dense<[2, 6]> : tensor<2xi64>} : () -> tensor<2xi64>
  %none = "nn.constant"() {value = dense<> : tensor<0xi64>} : () -> tensor<0xi64>
  %0 = "nn.dynamic_pad"(%x, %pads) : (tensor<?x6xf32, {d0 = "N"}>, tensor<4xi64>) -> tensor<?x8xf32, {d0 = "N"}>
  %1:2 = "nn.dynamic_split"(%0, %sizes) {axis = 1} : (tensor<?x8xf32, {d0 = "N"}>, tensor<2xi64>) -> (tensor<?x2xf32, {d0 = "N"}>, tensor<?x6xf32, {d0 = "N"}>)
  %2 = "nn.dynamic_reduce"(%1#0, %one) {kind = "mean", keep_dims = false} : (tensor<?x2xf32, {d0 = "N"}>, tensor<1xi64>) -> tensor<?xf32, {d0 = "N"}>
  %3 = "nn.dynamic_unsqueeze"(%2, %one) : (tensor<?xf32, {d0 = "N"}>, tensor<1xi64>) -> tensor<?x1xf32, {d0 = "N"}>
  %4 = "nn.dynamic_squeeze"(%3, %one) : (tensor<?x1xf32, {d0 = "N"}>, tensor<1xi64>) -> tensor<?xf32, {d0 = "N"}>
  %5 = "nn.dynamic_reduce"(%1#1, %none) {kind = "max"} : (tensor<?x6xf32, {d0 = "N"}>, tensor<0xi64>) -> tensor<1x1xf32>
  "func.return"(%4, %5) : (tensor<?xf32, {d0 = "N"}>, tensor<1x1xf32>) -> ()
}) {function_type = (tensor<?x6xf32, {d0 = "N"}>) -> (tensor<?xf32, {d0 = "N"}>, tensor<1x1xf32>), sym_name = "main"} : () -> ()

// -----

// A broadcast to the shape of another value; a target that is filled.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<1x4xf32>, %y: tensor<3x4xf32>):
// CHECK-NEXT: %0 = "nn.broadcast_to"(%x) {shape = array<i64: 3, -1>} : (tensor<1x4xf32>) -> tensor<3x4xf32>
// CHECK-NEXT: %1 = "nn.constant"() {value = dense<2.0> : tensor<3x4xf32>} : () -> tensor<3x4xf32>
// CHECK-NEXT: %2 = "nn.sub"(%1, %0) : (tensor<3x4xf32>, tensor<3x4xf32>) -> tensor<3x4xf32>
// CHECK-NEXT: "func.return"(%2) : (tensor<3x4xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<1x4xf32>, %y: tensor<3x4xf32>):
  %c = "nn.constant"() {value = dense<2.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %0 = "nn.shape_of"(%y) : (tensor<3x4xf32>) -> tensor<2xi64>
  %1 = "nn.dynamic_broadcast_to"(%x, %0) : (tensor<1x4xf32>, tensor<2xi64>) -> tensor<?x4xf32>
  %2 = "nn.fill"(%0, %c) : (tensor<2xi64>, tensor<1xf32>) -> tensor<?x?xf32>
  %3 = "nn.sub"(%2, %1) : (tensor<?x?xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  "func.return"(%3) : (tensor<?x4xf32>) -> ()
}) {function_type = (tensor<1x4xf32>, tensor<3x4xf32>) -> tensor<?x4xf32>, sym_name = "main"} : () -> ()

// -----

// What depends on data stays.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<2x8xf32>, %shape: tensor<2xi64>):
// CHECK-NEXT: %0 = "nn.broadcast_to"(%x) {shape = array<i64: -1, -1>} : (tensor<2x8xf32>) -> tensor<2x8xf32>
// CHECK-NEXT: %1 = "nn.dynamic_tile"(%0, %shape) : (tensor<2x8xf32>, tensor<2xi64>) -> tensor<?x?xf32>
// CHECK-NEXT: "func.return"(%1) : (tensor<?x?xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<2x8xf32>, %shape: tensor<2xi64>):
  %0 = "nn.dynamic_broadcast_to"(%x, %shape) : (tensor<2x8xf32>, tensor<2xi64>) -> tensor<2x8xf32>
  %1 = "nn.dynamic_tile"(%0, %shape) : (tensor<2x8xf32>, tensor<2xi64>) -> tensor<?x?xf32>
  "func.return"(%1) : (tensor<?x?xf32>) -> ()
}) {function_type = (tensor<2x8xf32>, tensor<2xi64>) -> tensor<?x?xf32>, sym_name = "main"} : () -> ()

// -----

// A resize to twice the lengths.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<?x3x8x6xf32>):
// CHECK-NEXT: %0 = "nn.resize"(%x) {sizes = array<i64: 16, 12>, mode = "nearest", coordinate = "asymmetric", rounding = "floor"} : (tensor<?x3x8x6xf32>) -> tensor<?x3x16x12xf32>
// CHECK-NEXT: "func.return"(%0) : (tensor<?x3x16x12xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<?x3x8x6xf32>):
  %scales = "nn.constant"() {value = dense<[1.0, 1.0, 2.0, 2.0]> : tensor<4xf32>} : () -> tensor<4xf32>
  %0 = "nn.dynamic_resize"(%x, %scales) {nncc.absent = [1], mode = "nearest", coordinate = "asymmetric", rounding = "floor"} : (tensor<?x3x8x6xf32>, tensor<4xf32>) -> tensor<?x3x?x?xf32>
  "func.return"(%0) : (tensor<?x3x?x?xf32>) -> ()
}) {function_type = (tensor<?x3x8x6xf32>) -> tensor<?x3x?x?xf32>, sym_name = "main"} : () -> ()
