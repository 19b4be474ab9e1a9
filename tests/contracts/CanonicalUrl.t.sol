// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CanonicalUrl} from "../../contracts/consortium/CanonicalUrl.sol";
import {IMembers} from "../../contracts/interfaces/IMembers.sol";
import {Fixture} from "./support/Fixture.sol";

contract CanonicalUrlTest is Fixture {
    function _accepts(string memory url) private pure {
        check(CanonicalUrl.isCanonical(url), url);
    }

    function _refuses(string memory url) private pure {
        check(!CanonicalUrl.isCanonical(url), url);
    }

    function test_canonical_urls_are_accepted() public pure {
        _accepts("https://bank.example");
        _accepts("https://b");
        _accepts("http://localhost:8101");
        _accepts("https://bank.example:8443/issuer/kr_1~v.2-x");
        _accepts("https://127.0.0.1:1");
        _accepts("https://xn--3e0b707e.example:65535");
        _accepts("http://bank.example:443");
        _accepts("https://bank.example:80");
    }

    function test_other_spellings_of_scheme_and_host_are_refused() public pure {
        _refuses("");
        _refuses("https://");
        _refuses("http:/bank.example");
        _refuses("HTTPS://bank.example");
        _refuses("ftp://bank.example");
        _refuses("https//bank.example");
        _refuses("https://Bank.example");
        _refuses("https://bank..example");
        _refuses("https://.bank.example");
        _refuses("https://bank.example.");
        _refuses("https://-bank.example");
        _refuses("https://bank-.example");
        _refuses("https://bank.example-");
        _refuses("https://bank_1.example");
        _refuses("https://user@bank.example");
        _refuses("https://[::1]");
        _refuses(unicode"https://은행.example");
        _refuses("https://bank.example\x00");
        _refuses(" https://bank.example");
        _refuses("https://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example");
    }

    /// @dev Clients read a host whose last label is a number as an IPv4 address, in whatever base and however short.
    function test_other_spellings_of_an_ip_address_are_refused() public pure {
        _accepts("https://0.0.0.0");
        _accepts("https://255.255.255.255/a");
        _accepts("https://1.2.3.4.example");
        _accepts("https://7f.0xg");
        _refuses("https://2130706433");
        _refuses("https://127.1");
        _refuses("https://127.0.1");
        _refuses("https://127.0.0.0.1");
        _refuses("https://127.0.0.01");
        _refuses("https://0177.0.0.1");
        _refuses("https://127.0.0.256");
        _refuses("https://127.0.0.1000");
        _refuses("https://0x7f.0.0.1");
        _refuses("https://0x7f000001:8443");
        _refuses("https://127.0.0.0x1");
        _refuses("https://127.0.0.0x");
        _refuses("https://bank.example.1/a");
        _refuses("https://a.0.0.1");
        _refuses("https://1-1.0.0.1");
    }

    function test_own_wrong_or_padded_ports_are_refused() public pure {
        _refuses("https://bank.example:443");
        _refuses("http://bank.example:80");
        _refuses("https://bank.example:");
        _refuses("https://bank.example:0");
        _refuses("https://bank.example:0443");
        _refuses("https://bank.example:65536");
        _refuses("https://bank.example:100000");
        _refuses("https://bank.example:80a");
        _refuses("https://bank.example:443/x");
        _refuses("https://:8443");
    }

    function test_slashes_dots_queries_and_escapes_in_paths_are_refused() public pure {
        _refuses("https://bank.example/");
        _refuses("https://bank.example/a/");
        _refuses("https://bank.example//a");
        _refuses("https://bank.example/./a");
        _refuses("https://bank.example/a/..");
        _refuses("https://bank.example/.../a");
        _refuses("http://a.b/./c");
        _refuses("https://bank.example/a?b");
        _refuses("https://bank.example/a#b");
        _refuses("https://bank.example/%61");
        _refuses("https://bank.example/a b");
    }

    function test_length_is_bounded() public pure {
        bytes memory longest = new bytes(256);
        bytes memory head = "https://b/";
        for (uint256 i = 0; i < 256; ++i) {
            longest[i] = i < head.length ? head[i] : bytes1("a");
        }
        _accepts(string(longest));
        _refuses(string(bytes.concat(longest, "a")));
    }

    function testFuzz_no_byte_outside_the_alphabet_passes(bytes1 c, uint8 place) public pure {
        bytes memory url = "https://bank.example/path";
        uint256 position = within(place, 8, url.length - 1);
        url[position] = c;
        bool known = (c >= "a" && c <= "z") || (c >= "A" && c <= "Z") || (c >= "0" && c <= "9") || c == "-"
            || c == "." || c == "_" || c == "~" || c == "/" || c == ":";
        if (CanonicalUrl.isCanonical(string(url))) check(known, "alphabet");
        if (position < 20 && c >= "A" && c <= "Z") _refuses(string(url));
    }

    function test_consortium_refuses_what_is_not_canonical() public {
        bytes memory problem =
            abi.encodeWithSelector(IMembers.UrlNotCanonical.selector, "https://fifth.example/");
        _decideFails(
            address(consortium),
            abi.encodeCall(IMembers.admitMember, ("https://fifth.example/", address(0xF5), 1)),
            problem
        );
        _decideFails(
            address(consortium), abi.encodeCall(IMembers.addUrl, (bank, "https://fifth.example/")), problem
        );
    }
}
