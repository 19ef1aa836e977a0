using Microsoft.AspNetCore.Http;
using Panal.DicomWeb.Answers;

namespace Panal.Unit.DicomWeb.Answers;

public sealed class AcceptedTests
{
    [Theory]
    [InlineData("", "application/dicom+json")]
    [InlineData("*/*", "application/dicom+json")]
    [InlineData("application/*", "application/dicom+json")]
    [InlineData("application/json", "application/json")]
    [InlineData("application/dicom+json;q=0.5, application/json", "application/json")]
    [InlineData("multipart/related; type=\"application/dicom+xml\"", "application/dicom+xml")]
    [InlineData("multipart/related; type=application/dicom+xml, application/dicom+json;q=0.9", "application/dicom+xml")]
    [InlineData("application/dicom+json;q=0", null)]
    [InlineData("text/html", null)]
    public void The_most_wanted_text_is_chosen(string accept, string? expected)
    {
        var request = new DefaultHttpContext().Request;
        request.Headers.Accept = accept;
        Assert.Equal(expected, Accepted.ChooseText(Accepted.Of(request)));
    }

    [Fact]
    public void The_query_parameter_goes_before_the_header_and_parameters_are_read()
    {
        var request = new DefaultHttpContext().Request;
        request.Headers.Accept = "text/html";
        request.QueryString = new QueryString("?accept=" + Uri.EscapeDataString("multipart/related; type=\"application/dicom\"; transfer-syntax=1.2.840.10008.1.2.4.50"));
        var range = Assert.Single(Accepted.Of(request));
        Assert.Equal(("multipart/related", "application/dicom", "1.2.840.10008.1.2.4.50"), (range.MediaType, range.PartType, range.TransferSyntax));
    }
}
