// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title The one way to write a member's URL
/// @notice Two spellings of one URL would be two members, so exactly one spelling is accepted: `https://` or `http://`,
/// a lower-case host of DNS labels or of four decimal numbers, a port only where it is not the scheme's own, then
/// segments of RFC 3986's unreserved characters without dot segments and without a trailing slash; at most 256 bytes.
/// Whether plain `http` is acceptable is for the members' nodes to judge: only a sandbox's do.
library CanonicalUrl {
    uint256 internal constant MAXIMUM_SIZE = 256;
    uint256 private constant MAXIMUM_LABEL = 63;
    // RFC 1035, section 2.3.4, without the lengths and the root that only the wire form has.
    uint256 private constant MAXIMUM_DOMAIN = 253;

    /// @dev Says whether the URL is spelled in the one accepted way.
    function isCanonical(string memory url) internal pure returns (bool) {
        bytes memory text = bytes(url);
        if (text.length > MAXIMUM_SIZE) return false;
        (uint256 position, uint256 ownPort) = _scheme(text);
        if (position == 0) return false;
        bool good;
        uint256 host = position;
        (good, position) = _host(text, host);
        if (!good || (_endsInNumber(text, host, position) && !_isFourNumbers(text, host, position))) return false;
        if (position < text.length && text[position] == ":") {
            (good, position) = _port(text, position + 1, ownPort);
            if (!good) return false;
        }
        return _path(text, position);
    }

    /// @dev Says whether a text is a domain name by the rule for hosts above, and no spelling of an IPv4 address.
    function isDomain(string memory name) internal pure returns (bool) {
        bytes memory text = bytes(name);
        if (text.length > MAXIMUM_DOMAIN) return false;
        (bool good, uint256 end) = _host(text, 0);
        return good && end == text.length && !_endsInNumber(text, 0, end);
    }

    /// @dev Answers where the host begins and which port the scheme implies; 0 for any other scheme.
    function _scheme(bytes memory text) private pure returns (uint256 position, uint256 ownPort) {
        if (_beginsWith(text, "https://")) return (8, 443);
        if (_beginsWith(text, "http://")) return (7, 80);
        return (0, 0);
    }

    /// @dev Reads labels of letters, digits and inner hyphens up to a colon, a slash or the end.
    function _host(bytes memory text, uint256 position) private pure returns (bool good, uint256 end) {
        uint256 label = 0;
        for (end = position; end < text.length; ++end) {
            bytes1 c = text[end];
            if (c == ":" || c == "/") break;
            if (c == ".") {
                if (label == 0 || text[end - 1] == "-") return (false, end);
                label = 0;
                continue;
            }
            bool hyphen = c == "-" && label != 0;
            if (!hyphen && !_isLower(c) && !_isDigit(c)) return (false, end);
            if (++label > MAXIMUM_LABEL) return (false, end);
        }
        good = label != 0 && text[end - 1] != "-";
    }

    /// @dev Says whether clients take a host for an IPv4 address (WHATWG URL, "ends in a number"): `127.1`, `0x7f.1` and
    /// `2130706433` are further spellings of `127.0.0.1`.
    function _endsInNumber(bytes memory text, uint256 begin, uint256 end) private pure returns (bool) {
        uint256 label = end;
        while (label > begin && text[label - 1] != ".") --label;
        bool hexadecimal = end - label > 1 && text[label] == "0" && text[label + 1] == "x";
        for (uint256 i = hexadecimal ? label + 2 : label; i < end; ++i) {
            bytes1 c = text[i];
            if (!_isDigit(c) && !(hexadecimal && c >= "a" && c <= "f")) return false;
        }
        return true;
    }

    /// @dev Says whether a host is an IPv4 address in its one spelling: four numbers up to 255 without leading zeros.
    function _isFourNumbers(bytes memory text, uint256 begin, uint256 end) private pure returns (bool) {
        uint256 numbers = 1;
        uint256 value = 0;
        uint256 digits = 0;
        for (uint256 i = begin; i < end; ++i) {
            bytes1 c = text[i];
            if (c == ".") {
                ++numbers;
                (value, digits) = (0, 0);
                continue;
            }
            if (!_isDigit(c) || (digits != 0 && value == 0)) return false;
            ++digits;
            value = value * 10 + (uint8(c) - 48);
            if (value > type(uint8).max) return false;
        }
        return numbers == 4;
    }

    /// @dev Reads a decimal port without leading zeros that the scheme does not imply.
    function _port(bytes memory text, uint256 position, uint256 ownPort) private pure returns (bool good, uint256 end) {
        uint256 port = 0;
        for (end = position; end < text.length && text[end] != "/"; ++end) {
            bytes1 c = text[end];
            if (!_isDigit(c) || (port == 0 && c == "0") || end - position == 5) return (false, end);
            port = port * 10 + (uint8(c) - 48);
        }
        good = port != 0 && port <= type(uint16).max && port != ownPort;
    }

    /// @dev Reads slash and segment until the end; an empty segment is also what a trailing slash leaves.
    function _path(bytes memory text, uint256 position) private pure returns (bool) {
        while (position < text.length) {
            uint256 begin = ++position;
            bool onlyDots = true;
            for (; position < text.length && text[position] != "/"; ++position) {
                bytes1 c = text[position];
                if (c == ".") continue;
                onlyDots = false;
                bool upper = c >= "A" && c <= "Z";
                if (!upper && !_isLower(c) && !_isDigit(c) && c != "-" && c != "_" && c != "~") return false;
            }
            // "." and ".." would be folded away by a client, and a segment of more dots is no use to anyone.
            if (position == begin || onlyDots) return false;
        }
        return true;
    }

    function _beginsWith(bytes memory text, bytes memory prefix) private pure returns (bool) {
        if (text.length < prefix.length) return false;
        for (uint256 i = 0; i < prefix.length; ++i) {
            if (text[i] != prefix[i]) return false;
        }
        return true;
    }

    function _isLower(bytes1 c) private pure returns (bool) {
        return c >= "a" && c <= "z";
    }

    function _isDigit(bytes1 c) private pure returns (bool) {
        return c >= "0" && c <= "9";
    }
}
