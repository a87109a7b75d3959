// SPDX-License-Identifier: MIT
#include "host/checkpoint/foreign_file.hpp"

#include <algorithm>
#include <string_view>
#include <system_error>

#include "host/common/file_descriptor.hpp"
#include "host/common/installation.hpp"
#include "host/common/shell_word.hpp"

namespace knack::host {
namespace {

namespace fs = std::filesystem;
using namespace std::string_view_literals;

constexpr std::uint64_t kStart = 64;
constexpr std::uint64_t kEnd = 1 << 20;  // where a zip archive lists its members

constexpr const char* kOtherPrograms =
    "load it in the program that wrote it and save a state dict with PyTorch's names by "
    "safetensors.torch.save_file()";

struct Beginning {
  std::string_view bytes;
  const char* what;
  const char* advice;
};

constexpr Beginning kBeginnings[] = {
    {"\x89HDF\r\n\x1a\n"sv, "an HDF5 file, as Keras writes them", kOtherPrograms},
    {"\x93NUMPY"sv, "a NumPy array", kOtherPrograms},
    {"GGUF"sv, "a GGUF file", kOtherPrograms},
    {"version https://git-lfs"sv, "a pointer of Git LFS in place of the file",
     "fetch the file with `git lfs pull`"},
    {"<!DOCTYPE"sv, "a web page", "the download went wrong, look for the link to the file itself"},
    {"<!doctype"sv, "a web page", "the download went wrong, look for the link to the file itself"},
    {"<html"sv, "a web page", "the download went wrong, look for the link to the file itself"},
    {"\x1f\x8b"sv, "a gzip file", "unpack it with `gunzip`"},
};

// In quotes of a shell, so without single quotes. Averaged weights come first, as users of a
// finished training mean those.
constexpr const char* kFromCheckpoint =
    R"(d = torch.load(sys.argv[1], map_location="cpu", weights_only=True); )"
    R"(d = next((d[k] for k in ("state_dict_ema", "model_ema", "state_dict", "model") if k in d), d); )";
constexpr const char* kFromTorchScript =
    R"(d = torch.jit.load(sys.argv[1], map_location="cpu").state_dict(); )";
constexpr const char* kToSafetensors =
    R"(s.save_file({re.sub("^(module[.])+", "", k): v.clone(memory_format=torch.contiguous_format) )"
    R"(for k, v in d.items() if torch.is_tensor(v) and k != "n_averaged"}, sys.argv[2], {"format": "pt"}))";

/// A name beside `file` that nothing has yet: what converts it writes over what is there.
fs::path free_target(const fs::path& file) {
  fs::path target = file;
  target.replace_extension(".safetensors");
  std::error_code ignored;
  for (int i = 1; fs::exists(fs::symlink_status(target, ignored)); ++i) {
    target = file;
    target.replace_extension(".converted" + (i == 1 ? "" : std::to_string(i)) + ".safetensors");
  }
  return target;
}

ForeignFile of_pytorch(const char* what, const char* load, const fs::path& file) {
  const std::string from = shell_word(file.string());
  const std::string to = shell_word(free_target(file).string());
  const auto script = installed_share_folder() / "convert_pth.py";
  return {what,
          {"convert it with\npython3 -c 'import re, sys, torch, safetensors.torch as s; " +
               std::string(load) + kToSafetensors + "' " + from + " " + to,
           "or, to choose which of its weights, with\npython3 " + shell_word(script.string()) +
               " " + from + " --to " + to}};
}

/// An archive of torch.save() since 1.6, of torch.jit.save(), of numpy.savez(), or any other.
ForeignFile describe_zip(std::string_view end, const fs::path& file) {
  const auto has = [&](std::string_view name) { return end.find(name) != end.npos; };
  if (has("/constants.pkl")) return of_pytorch("a TorchScript archive", kFromTorchScript, file);
  if (has("/data.pkl")) return of_pytorch("a PyTorch checkpoint", kFromCheckpoint, file);
  if (has(".npy")) return {"an archive of NumPy arrays", {kOtherPrograms}};
  return {"a zip archive", {"unpack it, or check that the download is complete"}};
}

/// A protocol buffer whose first fields are ir_version, a small number, and one that a model has.
bool is_onnx(std::string_view start) {
  constexpr std::string_view kNextFields = "\x12\x1a\x22\x28\x32\x3a\x42"sv;
  return start.size() > 2 && start[0] == '\x08' && start[1] >= 1 && start[1] <= 32 &&
         kNextFields.find(start[2]) != kNextFields.npos;
}

std::string read_part(int descriptor, std::uint64_t offset, std::uint64_t size) {
  std::string bytes(size, '\0');
  bytes.resize(read_at(descriptor, bytes.data(), bytes.size(), offset));
  return bytes;
}

}  // namespace

std::optional<ForeignFile> recognise_foreign_file(int descriptor, std::uint64_t size,
                                                  const fs::path& file) {
  const std::string start = read_part(descriptor, 0, std::min(size, kStart));
  const auto begins = [&](std::string_view bytes) { return start.starts_with(bytes); };
  if (begins("PK\x03\x04"sv)) {
    const std::uint64_t end = std::min(size, kEnd);
    return describe_zip(read_part(descriptor, size - end, end), file);
  }
  // The magic number of torch.save() before 1.6, itself pickled.
  if (begins("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19"sv)) {
    return of_pytorch("a PyTorch checkpoint", kFromCheckpoint, file);
  }
  if (start.size() > 1 && start[0] == '\x80' && start[1] >= 2 && start[1] <= 5) {
    return ForeignFile{"a pickle of Python", {kOtherPrograms}};
  }
  for (const Beginning& known : kBeginnings) {
    if (begins(known.bytes)) return ForeignFile{known.what, {known.advice}};
  }
  if (is_onnx(start)) {
    return ForeignFile{"an ONNX model",
                       {"knack trains networks of its plugins; take the weights from the program "
                        "that exported it"}};
  }
  return std::nullopt;
}

}  // namespace knack::host
