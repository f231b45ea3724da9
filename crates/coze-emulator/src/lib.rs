//! coze-emulator.
