// SPDX-License-Identifier: MIT
//! Sizes and offsets as the C compiler has them. Generated from golden_1_0.h and golden_1_1.h by
//! rust_layout.py; later minors only add to it. Compiling it is the test.
use super::*;
use core::mem::{size_of, MaybeUninit};
use core::ptr::addr_of;

macro_rules! layout {
    ($type:ident, $size:literal, $($field:ident $offset:literal)*) => {
        const _: () = {
            assert!(size_of::<$type>() == $size, concat!(stringify!($type), " has another size"));
            let room = MaybeUninit::<$type>::uninit();
            // Pointers may go from the first byte of `room` to its end: a field further up makes
            // the first of these leave it, a field further down the second.
            $(unsafe {
                let field = addr_of!((*room.as_ptr()).$field) as *const u8;
                let _ = field.sub($offset).add($size);
            })*
        };
    };
}

layout! { knack_descriptor_t, 40,
    struct_size 0
    reserved 4
    kind 8
    id 16
    summary 24
    schema_json 32
}
layout! { knack_entry_t, 56,
    struct_size 0
    abi_major 4
    abi_minor_needed 8
    descriptor_count 12
    manifest 16
    manifest_size 24
    init 32
    descriptor 40
    create 48
}
layout! { knack_aten_api_t, 32,
    struct_size 0
    reserved 4
    find 8
    call 16
    last_error 24
}
layout! { knack_data_pass_t, 32,
    struct_size 0
    reserved 4
    samples 8
    user 16
    on_batch 24
}
layout! { knack_data_api_t, 24,
    struct_size 0
    reserved 4
    train_samples 8
    pass 16
}
layout! { knack_log_api_t, 16,
    struct_size 0
    reserved 4
    write 8
}
layout! { knack_metrics_api_t, 24,
    struct_size 0
    reserved 4
    report 8
    summarize 16
}
layout! { knack_norm_pass_t, 32,
    struct_size 0
    reserved 4
    samples 8
    user 16
    on_input 24
}
layout! { knack_norm_api_t, 40,
    struct_size 0
    reserved 4
    count 8
    get 16
    set_momentum 24
    observe 32
}
layout! { knack_param_t, 64,
    struct_size 0
    requires_grad 4
    name 8
    role 24
    owner_kind 40
    tensor_borrowed 56
}
layout! { knack_params_api_t, 64,
    struct_size 0
    reserved 4
    count 8
    get 16
    gradient 24
    set_option 32
    group_count 40
    get_group_option 48
    set_group_option 56
}
layout! { knack_rng_api_t, 24,
    struct_size 0
    reserved 4
    next 8
    uniform 16
}
layout! { knack_tensor_info_t, 56,
    struct_size 0
    flags 4
    dtype 8
    device_type 12
    device_index 16
    dimensions 20
    element_count 24
    sizes_borrowed 32
    strides_borrowed 40
    data_borrowed 48
}
layout! { knack_tensor_api_t, 40,
    struct_size 0
    reserved 4
    describe 8
    create 16
    retain 24
    release 32
}
layout! { knack_weight_t, 48,
    struct_size 0
    flags 4
    name 8
    role 24
    tensor_borrowed 40
}
layout! { knack_weights_api_t, 80,
    struct_size 0
    reserved 4
    find 8
    publish 16
    count 24
    get 32
    copy 40
    save 48
    load 56
    remove 64
    evaluate 72
}
layout! { knack_host_t, 48,
    struct_size 0
    abi_major 4
    abi_minor 8
    reserved 12
    host_data 16
    get_extension 24
    set_error 32
    allocate 40
}
layout! { knack_instance_t, 48,
    struct_size 0
    flags 4
    self_ 8
    destroy 16
    get_extension 24
    state_save 32
    state_load 40
}
layout! { knack_batch_request_t, 40,
    struct_size 0
    reserved 4
    epoch 8
    seed 16
    indices_borrowed 24
    count 32
}
layout! { knack_dataset_t, 72,
    head 0
    length 48
    describe 56
    batch 64
}
layout! { knack_model_tensor_t, 64,
    struct_size 0
    flags 4
    name 8
    role 24
    owner_kind 40
    tensor_borrowed 56
}
layout! { knack_norm_layer_t, 80,
    struct_size 0
    training 4
    name 8
    kind 24
    channels 40
    momentum 48
    running_mean_borrowed 56
    running_var_borrowed 64
    num_batches_tracked_borrowed 72
}
layout! { knack_model_t, 112,
    head 0
    set_training 48
    forward 56
    tensor_count 64
    get_tensor 72
    norm_layer_count 80
    get_norm_layer 88
    set_norm_training 96
    set_norm_momentum 104
}
layout! { knack_objective_t, 88,
    head 0
    loss 48
    weight 56
    metrics_begin 64
    metrics_update 72
    metrics_result 80
}
layout! { knack_param_group_t, 40,
    struct_size 0
    reserved 4
    count 8
    params_borrowed 16
    names_borrowed 24
    options_borrowed 32
}
layout! { knack_optimizer_step_t, 24,
    struct_size 0
    reserved 4
    group_count 8
    gradients_borrowed 16
}
layout! { knack_optimizer_t, 80,
    head 0
    add_group 48
    step 56
    get_option 64
    set_option 72
}
layout! { knack_hook_context_t, 304,
    struct_size 0
    reply 4
    epoch 8
    total_epochs 16
    step 24
    total_steps 32
    micro_batch 40
    samples_seen 48
    window_micro_batches 56
    window_position 64
    batch_samples 72
    window_weight 80
    batch_weight 88
    stepped 96
    higher_is_better 100
    is_final 104
    is_trial 108
    monitored 112
    monitor 120
    weight_set 136
    split 152
    inputs_borrowed 168
    targets_borrowed 176
    outputs_borrowed 184
    metrics_borrowed 192
    loss_borrowed 200
    batch_indices_borrowed 208
    new_inputs_owned 216
    new_targets_owned 240
    new_outputs_owned 264
    new_loss_owned 288
    request_micro_batches 296
}
layout! { knack_trick_t, 152,
    head 0
    fit_begin 48
    epoch_begin 56
    window_begin 64
    batch 72
    forward 80
    loss 88
    gradients 96
    before_step 104
    after_step 112
    eval_begin 120
    eval_end 128
    epoch_end 136
    fit_end 144
}
layout! { knack_string_t, 16,
    data 0
    size 8
}
layout! { knack_value_t, 24,
    tag 0
    reserved 4
    count 8
    r#as 16
}
layout! { knack_named_value_t, 40,
    name 0
    value 16
}
layout! { knack_function_t, 56,
    struct_size 0
    flags 4
    name 8
    user 24
    forward 32
    backward 40
    destroy 48
}
layout! { knack_gradient_request_t, 48,
    struct_size 0
    flags 4
    output_count 8
    outputs_borrowed 16
    output_gradients_borrowed 24
    input_count 32
    inputs_borrowed 40
}
layout! { knack_autograd_api_t, 56,
    struct_size 0
    reserved 4
    apply 8
    save 16
    saved 24
    needs_gradient 32
    set_gradient_mode 40
    gradients 48
}
layout! { knack_dl_version_t, 8,
    major 0
    minor 4
}
layout! { knack_dl_device_t, 8,
    device_type 0
    device_id 4
}
layout! { knack_dl_data_type_t, 4,
    code 0
    bits 1
    lanes 2
}
layout! { knack_dl_tensor_t, 48,
    data 0
    device 8
    ndim 16
    dtype 20
    shape 24
    strides 32
    byte_offset 40
}
layout! { knack_dl_managed_t, 80,
    version 0
    manager_ctx 8
    deleter 16
    flags 24
    dl_tensor 32
}
layout! { knack_dl_managed_unversioned_t, 64,
    dl_tensor 0
    manager_ctx 48
    deleter 56
}
layout! { knack_dlpack_api_t, 40,
    struct_size 0
    reserved 4
    export_tensor 8
    import_tensor 16
    export_unversioned 24
    import_unversioned 32
}
