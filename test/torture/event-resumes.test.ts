process.env["RESUMES_PER_READER"] = "50"; // by ten readers, twice: a thousand lost connections
await import("../e2e/events-resume.test.ts");
