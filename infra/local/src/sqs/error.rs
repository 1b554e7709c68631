//! Pure. Errors of the service, with their names in both of its protocols.

/// An error response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// Name in the JSON protocol, `__type` of the body.
    pub name: &'static str,
    /// Code in the older query protocol. Sent in the header `x-amzn-query-error` and in failed batch entries.
    pub code: &'static str,
    /// Description of the error.
    pub message: String,
    /// The side that caused the error.
    pub fault: Fault,
}

/// The side that caused an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The client sent an invalid request: status 400.
    Sender,
    /// The service failed: status 500, which clients retry.
    Receiver,
}

impl Error {
    /// An invalid request, with its name in the JSON protocol and its code in the query protocol.
    pub fn sender(name: &'static str, code: &'static str, message: impl Into<String>) -> Self {
        Self { name, code, message: message.into(), fault: Fault::Sender }
    }

    /// A parameter with an invalid value.
    pub fn invalid_parameter(message: impl Into<String>) -> Self {
        let message = format!("One or more parameters are invalid. Reason: {}", message.into());
        Self::sender("InvalidParameterValueException", "InvalidParameterValue", message)
    }

    /// A missing parameter.
    pub fn missing_parameter(parameter: &str) -> Self {
        let message = format!("The request must contain the parameter {parameter}.");
        Self::sender("MissingRequiredParameterException", "MissingParameter", message)
    }

    /// A queue attribute with an invalid value.
    pub fn invalid_attribute(name: &str) -> Self {
        let message = format!("Invalid value for the parameter {name}.");
        Self::sender("InvalidAttributeValue", "InvalidAttributeValue", message)
    }

    /// A queue that does not exist.
    pub fn no_such_queue() -> Self {
        let message = "The specified queue does not exist.";
        Self::sender("QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue", message)
    }

    /// A receipt handle that no receive call returned.
    pub fn invalid_handle(handle: &str) -> Self {
        let message = format!("The input receipt handle \"{handle}\" is not a valid receipt handle.");
        Self::sender("ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid", message)
    }

    /// Returns the value of the header `x-amzn-query-error`.
    pub fn query_error(&self) -> String {
        let fault = match self.fault {
            Fault::Sender => "Sender",
            Fault::Receiver => "Receiver",
        };
        format!("{};{fault}", self.code)
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        let message = format!("The queue store failed: {error}");
        Self { name: "InternalFailure", code: "InternalFailure", message, fault: Fault::Receiver }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_query_error_holds_code_and_fault() {
        assert_eq!(Error::no_such_queue().query_error(), "AWS.SimpleQueueService.NonExistentQueue;Sender");
        assert_eq!(Error::from(rusqlite::Error::InvalidQuery).query_error(), "InternalFailure;Receiver");
    }
}
