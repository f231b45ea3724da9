//! coze-auth.
