// RUN: nncc opt --passes=lower-to-tf --split --no-locations %s | filecheck %s
// A branch is two functions, which get what they use as arguments and have constants of their own.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<3xf32>, %c: tensor<i1>):
// CHECK-NEXT: %y = "tf.StatelessIf"(%c, %x) ({
// CHECK-NEXT: ^bb0(%x_1: tensor<3xf32>):
// CHECK-NEXT: %w = "tf.Const"() {value = dense<[1.0, 2.0, 3.0]> : tensor<3xf32>} : () -> tensor<3xf32>
// CHECK-NEXT: %0 = "tf.Mul"(%x_1, %w) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
// CHECK-NEXT: "tf.yield"(%0) : (tensor<3xf32>) -> ()
// CHECK-NEXT: }, {
// CHECK-NEXT: ^bb0(%x_2: tensor<3xf32>):
// CHECK-NEXT: "tf.yield"(%x_2) : (tensor<3xf32>) -> ()
// CHECK-NEXT: }) {Tout = [f32], output_shapes = [array<i64: 3>]} : (tensor<i1>, tensor<3xf32>) -> tensor<3xf32>
// CHECK-NEXT: "func.return"(%y) : (tensor<3xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<3xf32>, %c: tensor<i1>):
  %w = "nn.constant"() {value = dense<[1.0, 2.0, 3.0]> : tensor<3xf32>} : () -> tensor<3xf32>
  %y = "nn.if"(%c) ({
    %1 = "nn.mul"(%x, %w) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    "nn.yield"(%1) : (tensor<3xf32>) -> ()
  }, {
    "nn.yield"(%x) : (tensor<3xf32>) -> ()
  }) : (tensor<i1>) -> tensor<3xf32>
  "func.return"(%y) : (tensor<3xf32>) -> ()
}) {function_type = (tensor<3xf32>, tensor<i1>) -> tensor<3xf32>, sym_name = "main", arg_attrs = [{nncc.name = "x"}, {nncc.name = "c"}], res_attrs = [{nncc.name = "y"}]} : () -> ()

// -----
// A loop that counts sets an element of a list in each trip.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<3xf32>, %n: tensor<i64>):
// CHECK-NEXT: %element_shape = "tf.Const"() {value = dense<[3]> : tensor<1xi32>} : () -> tensor<1xi32>
// CHECK-NEXT: %zero = "tf.Const"() {value = dense<0> : tensor<i64>} : () -> tensor<i64>
// CHECK-NEXT: %0 = "tf.Maximum"(%n, %zero) : (tensor<i64>, tensor<i64>) -> tensor<i64>
// CHECK-NEXT: %1 = "tf.Cast"(%0) {DstT = i32} : (tensor<i64>) -> tensor<i32>
// CHECK-NEXT: %2 = "tf.TensorListReserve"(%element_shape, %1) {element_dtype = f32} : (tensor<1xi32>, tensor<i32>) -> !nncc.unknown
// CHECK-NEXT: %3, %y, %4, %5 = "tf.StatelessWhile"(%zero, %x, %2, %n) ({
// CHECK-NEXT: ^bb0(%trip: tensor<i64>, %a: tensor<3xf32>, %all_1: !nncc.unknown, %n_1: tensor<i64>):
// CHECK-NEXT: %6 = "tf.Less"(%trip, %n_1) : (tensor<i64>, tensor<i64>) -> tensor<i1>
// CHECK-NEXT: "tf.yield"(%6) : (tensor<i1>) -> ()
// CHECK-NEXT: }, {
// CHECK-NEXT: ^bb0(%trip_1: tensor<i64>, %a_1: tensor<3xf32>, %all_2: !nncc.unknown, %n_2: tensor<i64>):
// CHECK-NEXT: %6 = "tf.Neg"(%a_1) : (tensor<3xf32>) -> tensor<3xf32>
// CHECK-NEXT: %one = "tf.Const"() {value = dense<1> : tensor<i64>} : () -> tensor<i64>
// CHECK-NEXT: %7 = "tf.AddV2"(%trip_1, %one) : (tensor<i64>, tensor<i64>) -> tensor<i64>
// CHECK-NEXT: %8 = "tf.Cast"(%trip_1) {DstT = i32} : (tensor<i64>) -> tensor<i32>
// CHECK-NEXT: %9 = "tf.TensorListSetItem"(%all_2, %8, %6) : (!nncc.unknown, tensor<i32>, tensor<3xf32>) -> !nncc.unknown
// CHECK-NEXT: "tf.yield"(%7, %6, %9, %n_2) : (tensor<i64>, tensor<3xf32>, !nncc.unknown, tensor<i64>) -> ()
// CHECK-NEXT: }) {output_shapes = [[], array<i64: 3>, [], []]} : (tensor<i64>, tensor<3xf32>, !nncc.unknown, tensor<i64>) -> (tensor<i64>, tensor<3xf32>, !nncc.unknown, tensor<i64>)
// CHECK-NEXT: %all = "tf.TensorListStack"(%4, %element_shape) {element_dtype = f32} : (!nncc.unknown, tensor<1xi32>) -> tensor<?x3xf32>
// CHECK-NEXT: "func.return"(%all) : (tensor<?x3xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<3xf32>, %n: tensor<i64>):
  %y, %all = "nn.loop"(%n, %x) ({
  ^bb0(%i: tensor<i64>, %go: tensor<i1>, %a: tensor<3xf32>):
    %1 = "nn.neg"(%a) : (tensor<3xf32>) -> tensor<3xf32>
    "nn.yield"(%go, %1, %1) : (tensor<i1>, tensor<3xf32>, tensor<3xf32>) -> ()
  }) {nncc.absent = [1]} : (tensor<i64>, tensor<3xf32>) -> (tensor<3xf32>, tensor<?x3xf32>)
  "func.return"(%all) : (tensor<?x3xf32>) -> ()
}) {function_type = (tensor<3xf32>, tensor<i64>) -> tensor<?x3xf32>, sym_name = "main", arg_attrs = [{nncc.name = "x"}, {nncc.name = "n"}], res_attrs = [{nncc.name = "all"}]} : () -> ()

// -----
// One that ends when the data says so adds to it.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%x: tensor<f32>, %n: tensor<i64>):
// CHECK-NEXT: %element_shape = "tf.Const"() {value = dense<> : tensor<0xi32>} : () -> tensor<0xi32>
// CHECK-NEXT: %any_number = "tf.Const"() {value = dense<-1> : tensor<i32>} : () -> tensor<i32>
// CHECK-NEXT: %0 = "tf.EmptyTensorList"(%element_shape, %any_number) {element_dtype = f32} : (tensor<0xi32>, tensor<i32>) -> !nncc.unknown
// CHECK-NEXT: %trip = "tf.Const"() {value = dense<0> : tensor<i64>} : () -> tensor<i64>
// CHECK-NEXT: %true = "tf.Const"() {value = dense<true> : tensor<i1>} : () -> tensor<i1>
// CHECK-NEXT: %1, %2, %y, %3, %4 = "tf.StatelessWhile"(%trip, %true, %x, %0, %n) ({
// CHECK-NEXT: ^bb0(%trip_1: tensor<i64>, %condition: tensor<i1>, %a: tensor<f32>, %all_1: !nncc.unknown, %n_1: tensor<i64>):
// CHECK-NEXT: %5 = "tf.Less"(%trip_1, %n_1) : (tensor<i64>, tensor<i64>) -> tensor<i1>
// CHECK-NEXT: %6 = "tf.LogicalAnd"(%5, %condition) : (tensor<i1>, tensor<i1>) -> tensor<i1>
// CHECK-NEXT: "tf.yield"(%6) : (tensor<i1>) -> ()
// CHECK-NEXT: }, {
// CHECK-NEXT: ^bb0(%trip_2: tensor<i64>, %condition_1: tensor<i1>, %a_1: tensor<f32>, %all_2: !nncc.unknown, %n_2: tensor<i64>):
// CHECK-NEXT: %top = "tf.Const"() {value = dense<9.0> : tensor<f32>} : () -> tensor<f32>
// CHECK-NEXT: %5 = "tf.AddV2"(%a_1, %a_1) : (tensor<f32>, tensor<f32>) -> tensor<f32>
// CHECK-NEXT: %6 = "tf.Less"(%5, %top) : (tensor<f32>, tensor<f32>) -> tensor<i1>
// CHECK-NEXT: %one = "tf.Const"() {value = dense<1> : tensor<i64>} : () -> tensor<i64>
// CHECK-NEXT: %7 = "tf.AddV2"(%trip_2, %one) : (tensor<i64>, tensor<i64>) -> tensor<i64>
// CHECK-NEXT: %8 = "tf.TensorListPushBack"(%all_2, %5) : (!nncc.unknown, tensor<f32>) -> !nncc.unknown
// CHECK-NEXT: "tf.yield"(%7, %6, %5, %8, %n_2) : (tensor<i64>, tensor<i1>, tensor<f32>, !nncc.unknown, tensor<i64>) -> ()
// CHECK-NEXT: }) {output_shapes = [[], [], [], [], []]} : (tensor<i64>, tensor<i1>, tensor<f32>, !nncc.unknown, tensor<i64>) -> (tensor<i64>, tensor<i1>, tensor<f32>, !nncc.unknown, tensor<i64>)
// CHECK-NEXT: %all = "tf.TensorListStack"(%3, %element_shape) {element_dtype = f32} : (!nncc.unknown, tensor<0xi32>) -> tensor<?xf32>
// CHECK-NEXT: "func.return"(%all) : (tensor<?xf32>) -> ()
"func.func"() ({
^bb0(%x: tensor<f32>, %n: tensor<i64>):
  %top = "nn.constant"() {value = dense<9.0> : tensor<f32>} : () -> tensor<f32>
  %y, %all = "nn.loop"(%n, %x) ({
  ^bb0(%i: tensor<i64>, %go: tensor<i1>, %a: tensor<f32>):
    %1 = "nn.add"(%a, %a) : (tensor<f32>, tensor<f32>) -> tensor<f32>
    %2 = "nn.less"(%1, %top) : (tensor<f32>, tensor<f32>) -> tensor<i1>
    "nn.yield"(%2, %1, %1) : (tensor<i1>, tensor<f32>, tensor<f32>) -> ()
  }) {nncc.absent = [1]} : (tensor<i64>, tensor<f32>) -> (tensor<f32>, tensor<?xf32>)
  "func.return"(%all) : (tensor<?xf32>) -> ()
}) {function_type = (tensor<f32>, tensor<i64>) -> tensor<?xf32>, sym_name = "main", arg_attrs = [{nncc.name = "x"}, {nncc.name = "n"}], res_attrs = [{nncc.name = "all"}]} : () -> ()
